"""Readings are a customer's as long as they lived where the meter is."""

from __future__ import annotations

from typing import Any

from utility_crm.kit.personal import Holding, Keeping, Personal, Scope
from utility_crm.web.words import mark

_HOUSE = "the house's own: files of feeds by name and digest, rules, sums of areas"
_THING = "a thing of the network: a meter, a point, a channel; it stays when those who live there go"

# A channel's days, a register's instants, while one of their accounts was at the premise.
_AT = """from {of} h join service_points s on s.id = h.service_point_id
    join occupancies o on o.premise_id = s.premise_id"""
_LIVED = (
    _AT
    + """
    where o.account_id = any(:accounts)"""
)
# Others that were there as well, as long as they are customers or their readings are kept.
_OTHERS = (
    _AT
    + """ join accounts a on a.id = o.account_id join customers c on c.id = a.customer_id
    where o.account_id <> all(:accounts)
      and (c.erased_on is null or exists (select from erasure_keeps k where k.customer_id = c.id
                                          and k.kind = 'readings' and k.ended_at is null))"""
)
_DAY = """and h.id = t.channel_id
    and t.{at} >= o.starts_on and (o.ends_before is null or t.{at} < o.ends_before)"""
_INSTANT = """and h.id = t.register_id
    and t.{at} >= o.starts_on and (o.ends_before is null or t.{at} < o.ends_before)"""
# What a dial said on the day of a move closes the books of one and opens those of the next: it is both's.
_CLOSING = """and h.id = t.register_id
    and t.{at} >= o.starts_on and (o.ends_before is null or t.{at} < o.ends_before + 1)"""


def _theirs(table: str, title: str, of: str, when: str, at: str, **more: Any) -> Holding:
    """Rows of a channel or a register, kept as readings are; those of somebody else's days as well stay."""
    during = when.format(at=at)
    kept: dict[str, Any] = {"now": "stays", "kept": "readings", "then": "delete", **more}
    return Holding(
        table,
        title,
        f"exists (select {_LIVED.format(of=of)} {during})",
        shared=f"exists (select {_OTHERS.format(of=of)} {during})",
        **kept,
    )


_SPANS = f"""from (select h.id as channel, o.starts_on, coalesce(o.ends_before, date '9999-12-31') as
    ends_before
    {_LIVED.format(of="channels")}) spans order by channel, starts_on, ends_before"""
_OF_SPANS = """unnest(cast(:span_channels as bigint[]), cast(:span_firsts as date[]),
    cast(:span_befores as date[])) as lived(channel_id, first_day, before)"""
_IN_SPANS = "t.channel_id = lived.channel_id and t.day >= lived.first_day and t.day < lived.before"
_OUT = f"""
select s.code as service_point, c.name as channel, c.direction, t.day,
    (t.day::timestamp at time zone 'UTC') - make_interval(mins => c.offset_minutes::int)
        + (r.place - 1) * make_interval(mins => 1440 / cardinality(t.micro)) as starts_at,
    r.micro::numeric / 1000000 as value, c.unit, coalesce(t.quality, t.qualities[r.place]) as quality
from {_OF_SPANS}
join {{table}} t on {_IN_SPANS}
join channels c on c.id = t.channel_id
join service_points s on s.id = c.service_point_id
cross join lateral unnest(t.micro) with ordinality as r(micro, place)
order by t.channel_id, t.day, r.place
"""

PERSONAL = Personal(
    holdings=(
        _theirs(
            "findings",
            mark("What looked odd in your readings"),
            "channels",
            _DAY,
            "first_day",
            hidden=("decided_by", "feed_id", "decided_feed_id"),
        ),
        _theirs("odd_days", mark("Days that are not whole"), "channels", _DAY, "day", out=None),
        _theirs("block_remarks", mark("Remarks on readings"), "channels", _DAY, "day", hidden=("feed_id",)),
        _theirs(
            "block_history",
            mark("Readings that were corrected"),
            "channels",
            _DAY,
            "day",
            many=True,
            out=_OUT.format(table="block_history"),
        ),
        _theirs(
            "blocks", mark("Readings"), "channels", _DAY, "day", many=True, out=_OUT.format(table="blocks")
        ),
        _theirs(
            "register_reads",
            mark("What dials said"),
            "registers",
            _CLOSING,
            "read_at",
            hidden=("feed_id", "line"),
        ),
        _theirs(
            "register_read_history",
            mark("What dials said, before it was corrected"),
            "registers",
            _INSTANT,
            "read_at",
            hidden=("feed_id", "line", "replaced_by"),
        ),
        _theirs(
            "consumptions",
            mark("Use told for a span"),
            "registers",
            _INSTANT,
            "starts_at",
            hidden=("feed_id", "line"),
        ),
        _theirs(
            "consumption_history",
            mark("Use told for a span, before it was corrected"),
            "registers",
            _INSTANT,
            "starts_at",
            hidden=("feed_id", "line", "replaced_by"),
        ),
        _theirs(
            "channel_profiles",
            mark("Your usual day"),
            "channels",
            _DAY,
            "as_of",
            now="delete",
            kept="",
            then="stays",
            out=None,
        ),
    ),
    scopes=(
        Scope("span_channels", f"select channel {_SPANS}"),
        Scope("span_firsts", f"select starts_on {_SPANS}"),
        Scope("span_befores", f"select ends_before {_SPANS}"),
    ),
    keepings=(
        Keeping(
            "readings",
            mark("Readings, on which bills rest"),
            "select max(coalesce(ends_before, :today)) from occupancies where account_id = any(:accounts)",
        ),
    ),
    apart={
        "service_points": _THING,
        "meters": _THING,
        "channels": _THING,
        "registers": _THING,
        "channel_spans": _THING,
        "channel_limits": _THING,
        "node_meters": _THING,
        "feeds": _HOUSE,
        "feed_sources": _HOUSE,
        "feed_profiles": _HOUSE,
        "validation_rules": _HOUSE,
        "completeness_days": "sums of an area and a segment",
        "energy_balances": "sums of a node",
    },
)
