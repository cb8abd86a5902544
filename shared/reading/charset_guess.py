"""Which charset a text is in that is not UTF-8: what charset-normalizer finds possible, weighed by how common each charset is.

The library alone likes rare charsets: French came out as Baltic, Polish as Sami. Only `decoding` calls this.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_OF_OTHER_SCRIPTS = (
    "cp1251",
    "koi8_r",
    "cp932",
    "shift_jis",
    "gb18030",
    "gbk",
    "big5",
    "cp949",
    "euc_kr",
    "euc_jp",
    "cp1253",
    "cp1255",
    "cp1256",
)
_COSTS = {
    "cp1252": 0.0,
    **dict.fromkeys((*_OF_OTHER_SCRIPTS, "iso8859_7", "cp874", "tis_620"), 0.005),
    **dict.fromkeys(("cp1250", "iso8859_2", "cp1254"), 0.04),
    **dict.fromkeys(("cp1257", "koi8_u", "cp866", "mac_roman", "cp850", "cp437"), 0.08),
}
_RARE_COST = 0.16
_COHERENCE_WEIGHT = 0.3
_IMPLAUSIBLE_COST = 0.3
_SAMPLE_TOO_WESTERN = re.compile(r"(?<=[a-zß-öø-ÿ])[À-ÖØ-ÞŠŽŒŸ](?=[a-zß-öø-ÿ])|(?<=\w)[\u0080-\u00b4\u00b6\u00b8-\u00bf†‡‰‹›ˆ˜](?=\w)")
"""In Western text a capital inside a word and a symbol between letters: signs that the text is in something else."""
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
"""Katakana of half width: what Cyrillic in KOI8-R looks like in Shift JIS, and hardly ever the most of a real text."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def guess(sample: bytes) -> str | None:
    """A name of Python's for the most probable charset; None when nothing fits."""
    from charset_normalizer import from_bytes  # 40 ms that UTF-8 files need not pay

    matches = list(from_bytes(sample))
    if not matches:
        return None
    coherence = max(match.coherence for match in matches)
    costs = {name: _cost(name, match, coherence, sample) for match in matches for name in (match.encoding, *match.could_be_from_charset)}
    best = min(costs, key=lambda name: costs[name])
    if best == "cp1252" and _is_turkish(sample):
        return "cp1254"
    return "cp1250" if best == "cp1252" and _is_hungarian(sample) else best


def _cost(name: str, match: "CharsetMatch", coherence: float, sample: bytes) -> float:
    cost = match.chaos + _COHERENCE_WEIGHT * (coherence - match.coherence)
    cost += _COSTS.get(name, _RARE_COST)
    if name in ("cp1252", "cp1250") and _is_implausible(sample.decode(name, "replace")):
        cost += _IMPLAUSIBLE_COST
    if (name == "cp932" or name.startswith("shift_jis")) and _is_mostly_half_width(sample.decode(name, "replace")):
        cost += _IMPLAUSIBLE_COST
    if name == "cp1250" and not any(0x80 <= byte <= 0x9F for byte in sample):  # where Windows has letters and ISO 8859-2 has none
        cost += 0.03
    return cost


def _is_implausible(text: str) -> bool:
    return len(_SAMPLE_TOO_WESTERN.findall(text)) > 0.02 * len(_BEYOND_ASCII.findall(text))


def _is_mostly_half_width(text: str) -> bool:
    return 2 * len(_HALF_WIDTH.findall(text)) > len(_BEYOND_ASCII.findall(text))


def _is_turkish(sample: bytes) -> bool:
    """The Turkish letters stand where Windows-1252 has the Icelandic ones, but Icelandic is full of accents that Turkish lacks."""
    text = sample.decode("cp1252", "replace").lower()
    return sum(map(text.count, "ðþý")) > 1 and not any(letter in text for letter in "áíóúæ")


def _is_hungarian(sample: bytes) -> bool:
    """Its long umlauts come out as letters of which Portuguese has one, French the other, and no language both."""
    text = sample.decode("cp1252", "replace").lower()
    return "\u00f5" in text and "\u00fb" in text
