"""Which numbers only rise: counters, known by their names, and by several samples of one host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xmlprom.drafting import vocabulary
from xmlprom.drafting.path_steps import snake
from xmlprom.drafting.places import Place
from xmlprom.drafting.text_kinds import kind_of
from xmlprom.drafting.text_stats import TextStats

_TOGETHER = re.compile(r"(in|out|rx|tx)([a-z]+)")
_SURE = 4  # times as many counters rise as fall, between samples of one host
_WHOSE = frozenset(("host", "hostname", "serial", "uuid", "guid", "mac"))
_WHO = vocabulary.NAMES | vocabulary.IDS | _WHOSE | frozenset(("address", "ip"))


def compare_samples(places: Iterable[Place]) -> None:
    """Note which numbers rose and which fell between the last two samples, if these are of one host."""
    found = [(name, stats) for place in places for name, stats in _texts(place)]
    moves = {id(stats): _moves(stats) for name, stats in found}
    named = [moves[id(stats)] for name, stats in found if may_count((name,))]
    rising, falling = (sum(bool(move[way]) for move in named) for way in (0, 1))
    who = [(name, stats.earlier == stats.latest) for name, stats in found if _says_who(name, stats)]
    known = any(vocabulary.tokens((name,)) & _WHOSE for name, _ in who)
    if rising and all(same for _, same in who) and (known or falling * _SURE <= rising):
        for _, stats in found:
            rises, falls = moves[id(stats)]
            stats.rises += rises
            stats.falls += falls
    for _, stats in found:
        stats.next_sample()


def _texts(place: Place) -> Iterator[tuple[str, TextStats]]:
    yield snake(place.tag), place.text
    for name, stats in place.attributes.items():
        yield snake(name), stats


def _moves(stats: TextStats) -> tuple[int, int]:
    """How many numbers rose and fell; none where not all of them are at hand in both samples."""
    if stats.latest is None or stats.earlier is None or len(stats.latest) != len(stats.earlier):
        return 0, 0
    rises = falls = 0
    for old, new in zip(stats.earlier, stats.latest):
        was, is_ = kind_of(old.strip()), kind_of(new.strip())
        if was.name == is_.name and was.form == is_.form and was.name in ("number", "amount"):
            rises += is_.number > was.number
            falls += is_.number < was.number
    return rises, falls


def _says_who(name: str, stats: TextStats) -> bool:
    """Whether the texts are what things are called, by which hosts differ."""
    named = bool(vocabulary.tokens((name,)) & _WHO) or name.endswith("name")
    return named and bool(stats.earlier and stats.latest)


def _tokens(words: tuple[str, ...]) -> frozenset[str]:
    """The single words of names, also of those written together: in and bytes of inbytes."""
    found = vocabulary.tokens(words)
    parts = (_TOGETHER.fullmatch(token) for token in found)
    return found.union(*(match.groups() for match in parts if match and match[2] in vocabulary.FLOWS))


def may_count(words: tuple[str, ...]) -> bool:
    """Whether a number of such a name may be a counter: several samples have to show that it is one."""
    around, last = _tokens(words[:-1]), _tokens(words[-1:])
    level = last & (vocabulary.LEVELS | vocabulary.STOCKS) or around & (vocabulary.LEVELS | vocabulary.MOMENTS)
    return not level and bool((around | last) & vocabulary.COUNTED)


def is_counter(words: tuple[str, ...], stats: TextStats) -> str:
    """Why a number is a counter, "" if that is not certain."""
    if stats.falls or not may_count(words) or stats.least < 0:
        return ""
    if stats.rises:
        return "counter: only rises between the samples"
    found = _tokens(words)
    sure = found & vocabulary.FLOWS and found & vocabulary.DIRECTIONS and not found & vocabulary.EVENTS
    return "counter: by its name" if sure else ""
