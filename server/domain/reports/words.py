"""Numbers, times and names as people read them; the same in every format of a report."""

from datetime import datetime
from typing import Final

NOT_KNOWN: Final = "not known"
_MANY: Final = 100_000


def count(number: int | float, one: str, many: str | None = None) -> str:
    """`1 example`, `1,200 examples`."""
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def number(value: float | None, digits: int = 3) -> str:
    """So many significant digits, never with an exponent where a person would write zeros."""
    if value is None:
        return NOT_KNOWN
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    plain = f"{value:.{digits}g}"
    return f"{value:.2e}" if "e" in plain or abs(value) < 1e-3 else plain


def loss(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:.4f}"


def setting(value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.6g}"
    return f"{int(value):,}" if abs(value) >= _MANY else str(int(value))


def size(size_bytes: float | None) -> str:
    if size_bytes is None:
        return NOT_KNOWN
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}" if size_bytes < 999.5 * factor else f"{size_bytes / factor:,.0f} {unit}"
    return f"{size_bytes:.0f} bytes"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOT_KNOWN
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def time(at: datetime | None) -> str:
    return NOT_KNOWN if at is None else f"{at.day} {at:%B %Y, %H:%M} UTC"


def clipped(text: str, limit: int) -> str:
    """With a mark where something was cut away."""
    return text if len(text) <= limit else f"{text[:limit].rstrip()} […]"


def signed(value: float, digits: int = 3) -> str:
    """With a true minus sign."""
    shown = number(abs(value), digits)
    return shown if value == 0 else f"{'+' if value > 0 else '−'}{shown}"
