"""Entries of a Green Button feed, and how they hang together by their links.

An entry's `self` names it, `up` the collection it belongs to, `related` what belongs to it: a usage point its
meter readings and the local time, a meter reading its interval blocks and its reading type. Entries stand in
any order, and real feeds leave links out; so a child belongs to whom relates to it or to its collection, else
to whose own address begins its address, else to the only one there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from meters.feeds.xml_stream import Element, line_of, local_name

KINDS = frozenset({"UsagePoint", "MeterReading", "ReadingType", "LocalTimeParameters"})
"""What is kept of a feed beside the readings. Summaries, customers and agreements are read past."""

_RESOURCE = re.compile(r"[A-Z][A-Za-z]+")
_BLOCK = re.compile(r"(.*)/IntervalBlock(?:/[^/]*)?", re.DOTALL)
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Links:
    """Where an entry stands; addresses without blanks and closing slashes, "" where there is none."""

    own: str = ""
    up: str = ""
    related: tuple[str, ...] = ()

    @property
    def parent(self) -> str:
        """The address before `/IntervalBlock`, else the entry's own."""
        for address in (self.own, self.up):
            found = _BLOCK.fullmatch(address)
            if found is not None:
                return found[1]
        return self.own


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry's usage point, meter reading, reading type or local time. `fields` has the texts of its
    elements by their names, joined by slashes."""

    kind: str
    links: Links
    line: int
    title: str
    entry_id: str
    fields: dict[str, str]

    def number(self, name: str) -> int | None:
        """A field as an integer; None where it is absent or empty. Raises ValueError."""
        text = self.fields.get(name, "").strip()
        return int(text) if text else None


def links_of(entry: Element) -> Links:
    """The links of an entry."""
    found: dict[str, list[str]] = {}
    for link in entry.iterchildren("{*}link"):
        address = (link.get("href") or "").strip().rstrip("/")[:_LONGEST]
        found.setdefault(link.get("rel") or "", []).append(address)
    own, up = (found.get(rel, [""])[0] for rel in ("self", "up"))
    return Links(own, up, tuple(found.get("related", ())))


def resources_of(entry: Element, links: Links) -> Iterator[Resource]:
    """What an entry's content holds of `KINDS`."""
    for content in entry.iterchildren("{*}content"):
        for element in content:
            kind = local_name(element)
            if kind in KINDS:
                title, entry_id = (
                    (entry.findtext(f"{{*}}{name}") or "").strip()[:_LONGEST] for name in ("title", "id")
                )
                fields = dict(_fields(element, ""))
                yield Resource(kind, links, line_of(element), title, entry_id, fields)


def _fields(element: Element, path: str) -> Iterator[tuple[str, str]]:
    for child in element:
        name = path + local_name(child)
        if len(child):
            yield from _fields(child, f"{name}/")
        else:
            yield name, (child.text or "")[:_LONGEST]


@dataclass(slots=True)
class Linked:
    """The resources of a feed by kind, and by address: their own, their collection's, and those they relate
    to."""

    _all: dict[str, list[Resource]] = field(default_factory=dict)
    _own: dict[tuple[str, str], Resource] = field(default_factory=dict)
    _among: dict[tuple[str, str], Resource] = field(default_factory=dict)
    _owner: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def add(self, resource: Resource) -> None:
        """A resource said again adds nothing."""
        kind, links = resource.kind, resource.links
        if links.own and self._own.setdefault((kind, links.own), resource) is not resource:
            return
        self._all.setdefault(kind, []).append(resource)
        if links.up:
            self._among.setdefault((kind, links.up), resource)
        for address in links.related:
            self._owner.setdefault((kind, address), resource)
            self._owner.setdefault((kind, Links(address).parent), resource)

    def meter_reading(self, block: Links) -> Resource | None:
        """Whose interval blocks these are."""
        kind = "MeterReading"
        return self._own.get((kind, block.parent)) or self._parent(kind, block) or self._only(kind)

    def usage_point(self, meter_reading: Resource) -> Resource | None:
        """Where a meter reading was made."""
        return self._parent("UsagePoint", meter_reading.links) or self._only("UsagePoint")

    def reading_type(self, meter_reading: Resource) -> Resource | None:
        """What a meter reading's values are."""
        return self._child("ReadingType", meter_reading) or self._only("ReadingType")

    def local_time(self, *parents: Resource | None) -> Resource | None:
        """The local time of the first of these that has one, else the feed's only one."""
        kind = "LocalTimeParameters"
        found = (self._child(kind, parent) for parent in parents if parent is not None)
        return next((one for one in found if one is not None), None) or self._only(kind)

    def _parent(self, kind: str, child: Links) -> Resource | None:
        for address in (child.own, child.up, child.parent):
            if address and (kind, address) in self._owner:
                return self._owner[kind, address]
        head = child.own
        while head:
            head = head.rpartition("/")[0]
            if head and (kind, head) in self._own:
                return self._own[kind, head]
        return None

    def _child(self, kind: str, parent: Resource) -> Resource | None:
        for known in (self._own, self._among):
            for address in parent.links.related:
                if (kind, address) in known:
                    return known[kind, address]
        return None

    def _only(self, kind: str) -> Resource | None:
        among = self._all.get(kind, ())
        return among[0] if len(among) == 1 else None


def point_name(point: Resource | None, stem: str) -> str:
    """A usage point's name: the ids in its own address (`.../RetailCustomer/5/UsagePoint/1` is `5/1`), since
    they are what the sender keeps; else its title, its entry's id, the file's name."""
    if point is None:
        return stem
    parts = [part for part in point.links.own.split("/") if part]
    places = [place for place, part in enumerate(parts[:-1]) if _RESOURCE.fullmatch(part)]
    start = next((place for place in reversed(places) if parts[place] == "UsagePoint"), None)
    if start is not None:
        ids = [parts[start + 1]]
        if start >= 2 and start - 2 in places:
            ids.insert(0, parts[start - 1])
        return "/".join(unquote(one) for one in ids)
    return point.title or point.entry_id or stem


def last_id(resource: Resource) -> str:
    """The last part of its address."""
    return resource.links.own.rpartition("/")[2]
