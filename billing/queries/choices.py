"""Which tariffs a supply could be on from a day on, and of the others why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Text, cast, select, text
from sqlalchemy.orm import Session

from billing.domain.tariffs.eligibility import Place, Unfit, UnfitCode
from billing.queries.tariffs import parsed
from billing.tables import Tariff
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class TariffChoice:
    """A tariff, and every reason why it cannot be; none: it can."""

    id: int
    code: str
    name: str
    unfit: tuple[Unfit, ...]

    @property
    def fits(self) -> bool:
        return not self.unfit


_KNOWN = """
    select c.segment, s.fuel, coalesce(n3.code, n2.code, n1.code, ''), s.connection_micro_kw, a.currency
    from accounts a
    join customers c on c.id = a.customer_id
    {join}
    left join premises p on p.id = s.premise_id
    left join network_nodes n1 on n1.id = p.node_id
    left join network_nodes n2 on n2.id = n1.parent_id
    left join network_nodes n3 on n3.id = n2.parent_id
    where {which}
"""
_PLACE = text(_KNOWN.format(join="join service_points s on s.id = :point", which="a.id = :account"))
_PLACES = text(
    _KNOWN.format(
        join="join agreements g on g.account_id = a.id join service_points s on s.id = g.service_point_id",
        which="g.id = any(:agreements) order by g.id",
    )
)


_AT = text(
    _KNOWN.format(
        join="join service_points s on true", which="(a.id, s.id) in (select * from w) order by a.id, s.id"
    ).replace(
        "select c.segment",
        "with w as (select * from unnest(cast(:accounts as bigint[]), cast(:points as bigint[]))) "
        "select a.id, s.id, c.segment",
        1,
    )
)


def places_at(
    session: Session, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Place, str]]:
    """What is known of supplies that do not run yet, by account and service point, and the account's
    currency; one statement."""
    values = {"accounts": [one for one, _ in wanted], "points": [point for _, point in wanted]}
    rows = session.execute(_AT, values) if wanted else ()
    return {(row[0], row[1]): (Place(*row[2:6]), row[6]) for row in rows}


def places_of(session: Session, agreement_ids: Sequence[int]) -> list[Place]:
    """What is known of the supply of agreements; one statement."""
    rows = session.execute(_PLACES, {"agreements": list(agreement_ids)})
    return [Place(row[0], row[1], row[2], row[3]) for row in rows]


def tariff_choices(
    session: Session, account_id: int, service_point_id: int, on: date
) -> tuple[TariffChoice, ...]:
    """Every tariff of the account's currency, held to an account's supply there from a day on; those that fit
    first, by name. Two statements. Raises NotFound."""
    row = session.execute(_PLACE, {"account": account_id, "point": service_point_id}).one_or_none()
    if row is None:
        raise NotFound("account", mark("There is no such account or service point."))
    place = Place(row[0], row[1], row[2], row[3])
    statement = select(Tariff.id, cast(Tariff.document, Text)).where(Tariff.currency == row[4])
    found = []
    for tariff_id, document in session.execute(statement):
        tariff = parsed(document)
        starts_on = tariff.versions[0].starts_on
        unfit = tariff.eligibility.unfit(place, on)
        if starts_on > on:
            unfit = (*unfit, Unfit("not_yet", (("day", starts_on.isoformat()),)))
        found.append(TariffChoice(tariff_id, tariff.code, tariff.name, unfit))
    return tuple(sorted(found, key=lambda one: (not one.fits, one.name, one.code)))


def check_eligible(
    session: Session, account_id: int, service_point_id: int, tariff_id: int, on: date
) -> None:
    """Raises Refused, with the first reason, where the supply cannot begin on the tariff that day. Another
    currency, or a tariff there is not, is for who begins the agreement to refuse."""
    choices = tariff_choices(session, account_id, service_point_id, on)
    mine = next((one for one in choices if one.id == tariff_id), None)
    if mine is not None and mine.unfit:
        reason = mine.unfit[0]
        raise Refused("not_eligible", UNFIT[reason.code], "tariff", tariff=mine.name, **reason.named)


UNFIT: dict[UnfitCode, str] = {
    "fuel": mark("%(tariff)s is for %(fuel)s; %(here)s is supplied here."),
    "segment": mark("%(tariff)s is for another kind of customer: %(segments)s, not %(here)s."),
    "area": mark("%(tariff)s is for the areas %(areas)s; this place is in %(here)s."),
    "connection_unknown": mark(
        "%(tariff)s is for connections of certain power; that of this one is not known."
    ),
    "connection_below": mark("%(tariff)s is for connections from %(least)s kW; this one is %(here)s kW."),
    "connection_above": mark("%(tariff)s is for connections up to %(most)s kW; this one is %(here)s kW."),
    "closed": mark("%(tariff)s takes no new customers since %(day)s."),
    "not_yet": mark("%(tariff)s has no prices before %(day)s."),
    "same": mark("They are on %(tariff)s already."),
}
"""Why a tariff cannot be, a sentence each."""
