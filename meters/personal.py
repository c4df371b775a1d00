"""Readings are a customer's as long as they lived where the meter is."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Keeping, Personal, Scope
from utility_crm.web.words import mark

_HOUSE = "the house's own: files of feeds by name and digest, rules, sums of areas"
_THING = "a thing of the network: a meter, a point, a channel; it stays when those who live there go"

# A channel's days, a register's instants, while one of their accounts was at the premise.
_LIVED = """from {of} h join service_points s on s.id = h.service_point_id
    join occupancies o on o.premise_id = s.premise_id
    where o.account_id = any(:accounts)"""
_DAYS = f"""exists (select {_LIVED.format(of="channels")} and h.id = t.channel_id
    and t.{{day}} >= o.starts_on and (o.ends_before is null or t.{{day}} < o.ends_before))"""
_INSTANTS = f"""exists (select {_LIVED.format(of="registers")} and h.id = t.register_id
    and t.{{at}} >= o.starts_on and (o.ends_before is null or t.{{at}} < o.ends_before + 1))"""
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
        Holding(
            "findings",
            mark("What looked odd in your readings"),
            _DAYS.format(day="first_day"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("decided_by", "feed_id", "decided_feed_id"),
        ),
        Holding(
            "odd_days",
            mark("Days that are not whole"),
            _DAYS.format(day="day"),
            "stays",
            kept="readings",
            then="delete",
            out=None,
        ),
        Holding(
            "block_remarks",
            mark("Remarks on readings"),
            _DAYS.format(day="day"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("feed_id",),
        ),
        Holding(
            "block_history",
            mark("Readings that were corrected"),
            _DAYS.format(day="day"),
            "stays",
            kept="readings",
            then="delete",
            many=True,
            out=_OUT.format(table="block_history"),
        ),
        Holding(
            "blocks",
            mark("Readings"),
            _DAYS.format(day="day"),
            "stays",
            kept="readings",
            then="delete",
            many=True,
            out=_OUT.format(table="blocks"),
        ),
        Holding(
            "register_reads",
            mark("What dials said"),
            _INSTANTS.format(at="read_at"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("feed_id", "line"),
        ),
        Holding(
            "register_read_history",
            mark("What dials said, before it was corrected"),
            _INSTANTS.format(at="read_at"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("feed_id", "line", "replaced_by"),
        ),
        Holding(
            "consumptions",
            mark("Use told for a span"),
            _INSTANTS.format(at="starts_at"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("feed_id", "line"),
        ),
        Holding(
            "consumption_history",
            mark("Use told for a span, before it was corrected"),
            _INSTANTS.format(at="starts_at"),
            "stays",
            kept="readings",
            then="delete",
            hidden=("feed_id", "line", "replaced_by"),
        ),
        Holding("channel_profiles", mark("Your usual day"), _DAYS.format(day="as_of"), "delete", out=None),
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
