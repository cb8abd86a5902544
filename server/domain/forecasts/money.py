"""What an hour of this machine costs: the operator's word, else the power it draws, else the published price of a machine like it."""

import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from shared.wire import ForecastMoney

_TABLE: Final = Path(__file__).resolve().parents[3] / "shared" / "machine_prices.json"


@dataclass(frozen=True)
class Hardware:
    """`product` is the machine's name as its firmware tells it: clouds write the type there. `accelerator` is the card's name."""

    num_cores: int
    product: str = ""
    accelerator: str | None = None


@dataclass(frozen=True)
class Price:
    per_hour: float
    currency: str
    basis: str

    def of(self, low_s: float, high_s: float) -> ForecastMoney:
        low, high = (round(self.per_hour * seconds / 3600, 6) for seconds in (low_s, high_s))
        return ForecastMoney(low=low, high=high, per_hour=self.per_hour, currency=self.currency, basis=self.basis)


def price_of(machine: Hardware, *, per_hour: float | None, watts: float | None, per_kwh: float | None, currency: str) -> Price | None:
    """None where a card is at work whose price the table does not know."""
    if per_hour is not None:
        return Price(per_hour, currency, f"At this machine's own price, {per_hour:g} {currency} an hour.")
    if watts is not None and per_kwh is not None:
        return Price(watts / 1000 * per_kwh, currency, f"The power alone: {watts:g} watts at {per_kwh:g} {currency} a kWh.")
    return _published(machine)


def _published(machine: Hardware) -> Price | None:
    entries: list[dict[str, Any]] = json.loads(_TABLE.read_text(encoding="utf-8"))["machines"]
    for entry in entries:
        if entry["name"] == machine.product:
            return Price(entry["per_hour"], entry["currency"], f"The published price of {_named(entry)}.")
    if machine.accelerator is not None:
        found = next((one for one in entries if one["accelerator"] and one["accelerator"].lower() in machine.accelerator.lower()), None)
        return (
            None if found is None else Price(found["per_hour"], found["currency"], f"What a rented card like this costs: {_named(found)}.")
        )
    entry = next(one for one in entries if one["accelerator"] is None)
    per_core = entry["per_hour"] / entry["cores"]
    cores = machine.num_cores
    return Price(
        round(per_core * cores, 4),
        entry["currency"],
        f"What {cores} rented processor{'s' if cores != 1 else ''} would cost, by the price of {_named(entry)}.",
    )


def _named(entry: dict[str, Any]) -> str:
    on = date.fromisoformat(entry["date"])
    return f"{entry['name']} ({entry['provider']}, {on.day} {on:%B %Y})"


def spent(price: Price | None, seconds: float) -> float | None:
    return None if price is None or not math.isfinite(seconds) else round(price.per_hour * seconds / 3600, 6)
