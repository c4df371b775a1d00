"""What whoever answers the phone has to know before anybody says a word: where the supply is off now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.incident import State
from notifications.outages.affected import CUSTOMERS_OFF
from notifications.outages.no_power import HEARD
from utility_crm.kit.parts import Banner, Tone
from utility_crm.web.formats import clock, local_day, weekday
from utility_crm.web.words import counting, translator

PACKAGE = "notifications"
SHOWN = 3
"""Outages that are named; in a storm the others are counted."""

# The newest first: what they call about now. Customers are counted for those that are named, not for all.
_OFF_NOW = text(f"""
    select outages.id, outages.place, outages.planned, outages.state, outages.starts_at, outages.ends_at,
           outages.running, reach.customers
    from (
        select outages.id, outages.node_id, node.name as place, outages.planned, outages.state,
               outages.starts_at, outages.ends_at, count(*) over () as running
        from outages join network_nodes as node on node.id = outages.node_id
        where outages.merged_into is null
          and case when outages.planned then outages.starts_at <= :now and outages.ends_at > :now
                   else outages.state in ('reported', 'confirmed', 'estimated') end
        order by outages.planned, outages.starts_at desc, outages.id desc limit :shown
    ) as outages
    cross join lateral ({CUSTOMERS_OFF}) as reach
    union all
    select heard.node_id, heard.place, false, 'heard', heard.since, null, 0, heard.customers
    from (select * from ({HEARD}) as each order by customers desc, since limit :shown) as heard
    order by planned, starts_at desc, id desc
""")


@dataclass(frozen=True, slots=True)
class OffNow:
    """An outage that runs; `running`: how many do; `customers`: who are supplied there. In the state `heard`
    it is a transformer (`id`) of which so many customers say that it is off, and nobody has looked."""

    id: int
    place: str
    planned: bool
    state: str
    starts_at: datetime
    ends_at: datetime | None
    running: int
    customers: int


def off_now(session: Session, now: datetime, shown: int = SHOWN) -> list[OffNow]:
    """What is off, or said to be: incidents before works, the newest first. One statement."""
    rows = session.execute(_OFF_NOW, {"now": now, "shown": shown}).mappings()
    return [OffNow(**row) for row in rows]


def known_now(session: Session, now: datetime, language: str) -> Sequence[Banner]:
    """A banner an outage, by the utility's clock; the last says how many more there are."""
    _, ngettext = translator(language, PACKAGE), counting(language, PACKAGE)
    both = off_now(session, now)
    found = [one for one in both if one.state != "heard"]
    banners = [_banner(one, now, language) for one in found]
    heard = [_heard(one, now, language) for one in both if one.state == "heard"]
    if found and (more := found[0].running - len(found)):
        title = ngettext("and one outage more", "and %(num)s outages more", more)
        banners.append(Banner(title, "", "bad", "/outages?ask=now", _("All outages")))
    return banners + heard


def _banner(one: OffNow, now: datetime, language: str) -> Banner:
    _, ngettext = translator(language, PACKAGE), counting(language, PACKAGE)
    since = _at(one.starts_at, now, language)
    if one.planned:
        title = _("Planned works at %(place)s", place=one.place)
    elif one.state == State.REPORTED:
        title = _("Outage reported at %(place)s", place=one.place)
    else:
        title = _("Outage at %(place)s", place=one.place)
    if one.state == State.REPORTED and not one.planned:
        when = _("since %(since)s, being checked", since=since)
    elif one.ends_at is None or one.ends_at <= now:
        when = _("since %(since)s, nobody knows yet until when", since=since)
    else:
        when = _("since %(since)s, expected back %(until)s", since=since,
                 until=_at(one.ends_at, now, language))  # fmt: skip
    reach = ngettext("one customer", "%(num)s customers", one.customers)
    tone: Tone = "warn" if one.planned or one.state == State.REPORTED else "bad"
    return Banner(title, f"{when} · {reach}", tone, f"/outages/{one.id}", _("The outage"))


def _heard(one: OffNow, now: datetime, language: str) -> Banner:
    _, ngettext = translator(language, PACKAGE), counting(language, PACKAGE)
    title = _("No power reported at %(place)s", place=one.place)
    reach = ngettext("one customer", "%(num)s customers", one.customers)
    when = _("since %(since)s, not looked at yet", since=_at(one.starts_at, now, language))
    tone: Tone = "bad" if one.customers > 1 else "warn"
    return Banner(title, f"{when} · {reach}", tone, "/outages?ask=now", _("All outages"))


def _at(at: datetime, now: datetime, language: str) -> str:
    """The time, and the day where it is another than today."""
    said = clock(at, language)
    return said if local_day(at) == local_day(now) else f"{weekday(at, language)} {said}"
