"""Fields that say how a thing is: flags, which are 0 or 1, and status words."""

from __future__ import annotations

from typing import Any

from xmlprom.drafting import vocabulary
from xmlprom.drafting.elements import Field
from xmlprom.drafting.text_kinds import FALSE, TRUE

_MAX_WORDS = 12
_MAX_LENGTH = 64


def flag_map(field: Field) -> dict[str, Any] | None:
    """The keys of a value that makes 1 of the good words; None if the texts are no such words.

    Of two words like true and false a third one is no value, and is counted as invalid. Of words for a status, of which
    there may be any number, 1 is one that is good in the sample, and 0 is every other.
    """
    stats = field.stats
    counts = stats.counts()
    words = stats.of_kind("flag", "word")
    good = [text for text in words if text.lower() in TRUE]
    bad = [text for text in words if text.lower() in FALSE]
    filled = stats.filled - counts["none"]
    if stats.many or not filled or counts["flag"] * 2 < filled or counts["flag"] + counts["word"] < filled:
        return None
    if counts["word"] and not (good and is_state(field)):
        return None
    shown = dict.fromkeys(good or map(_opposite, bad), 1)
    if all(text.lower() in _TWO for text in words):
        return {"map": {**shown, **dict.fromkeys(bad or map(_opposite, good), 0)}, "invalid": "skip"}
    return {"map": shown, "other": 0}


_TWO = frozenset(("true", "false", "yes", "no", "on", "off", "enabled", "disabled"))
_PAIRS = {
    "true": "false", "yes": "no", "on": "off", "enabled": "disabled", "active": "not active", "up": "down",
    "online": "offline", "running": "stopped", "ok": "failed", "connected": "disconnected", "passed": "failed",
    "success": "failure", "healthy": "unhealthy", "good": "bad",
}  # fmt: skip
_OPPOSITES = {**_PAIRS, **{bad: good for good, bad in reversed(_PAIRS.items())}, "inactive": "active"}


def _opposite(text: str) -> str:
    """The word for the contrary, written as this one is."""
    other = _OPPOSITES.get(text.lower(), "true" if text.lower() in FALSE else "false")
    if text.isupper() and len(text) > 1:
        return other.upper()
    return other.title() if text[:1].isupper() else other


def is_state(field: Field) -> bool:
    """Whether the name is one for how a thing is."""
    found = vocabulary.tokens(field.words[-1:])
    return bool(found & vocabulary.STATES) or any(word in token for token in found for word in ("state", "status"))


def is_category(field: Field, rows: int) -> bool:
    """Whether a field sorts rows into few kinds, and does so by words that last."""
    stats = field.stats
    words = stats.words
    counts = stats.counts()
    if (
        counts["none"] == stats.filled
        or stats.many
        or not words
        or len(words) > _MAX_WORDS
        or stats.longest > _MAX_LENGTH
        or stats.longs
    ):
        return False
    if (
        counts["date"]
        or counts["duration"]
        or counts["amount"]
        or any(counts[kind] for kind in ("hex", "list", "clock", "grouped"))
    ):
        return False
    found = vocabulary.tokens(field.words[-1:])
    named = bool(found & (vocabulary.CATEGORIES | vocabulary.STATES))
    if counts["number"]:
        whole = stats.whole and stats.least >= 0 and stats.most < 1000
        return named and whole and counts["number"] == stats.filled and bool(found & vocabulary.CATEGORIES)
    if any(text[:1].isdigit() or (any(map(str.isdigit, text[1:])) and " " in text) for text in words):
        return False
    if named:
        return len(words) <= 3 or len(words) * 5 <= stats.filled * 4
    return rows > 1 and len(words) > 1 and len(words) * 2 <= stats.filled
