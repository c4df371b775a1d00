"""What the meters know of one customer, read at once for their page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from meters.customer_days import (
    HAPPENED,
    ODD_DAYS,
    CorrectedDays,
    ExchangedMeter,
    OddDays,
    happenings,
    odd_days,
)
from meters.service_points.channels import OF_CUSTOMER, PointChannel
from meters.visits.listed import VISIT_EVENTS, VISITS, Visit, VisitEvent, with_events
from utility_crm.kit.gathering import Gather, listed_kinds
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.together import together

DAYS_BACK = timedelta(days=60)
KNOWN = Gather(
    (ODD_DAYS, HAPPENED, OF_CUSTOMER, VISITS, VISIT_EVENTS),
    lambda call: {"customer_id": call.customer_id, "first": call.today - DAYS_BACK, "today": call.today},
)

THEIR_NUMBERS = Gather(
    (
        listed_kinds(
            """
            with points as (
                select s.id, s.code from accounts a
                join occupancies o on o.account_id = a.id
                join service_points s on s.premise_id = o.premise_id
                where a.customer_id = :customer_id
            )
            select code from points
            union select m.serial from points join meters m on m.service_point_id = points.id
            """,
            str,
        ),
    ),
    lambda call: {"customer_id": call.customer_id},
)
"""Service points and serials of meters, wherever they live or lived."""


@dataclass(frozen=True, slots=True)
class InView:
    """Of the last sixty days: odd, runs of days that are not whole and read, the newest first; what feeds
    replaced. exchanged: meters that took another's place since they live there. channels: wherever they
    did. visits: to them, the newest day first."""

    odd: tuple[OddDays, ...]
    corrected: tuple[CorrectedDays, ...]
    exchanged: tuple[ExchangedMeter, ...]
    channels: tuple[PointChannel, ...]
    visits: tuple[Visit, ...] = ()


def in_view(call: CustomerCall) -> InView:
    """Use it through `call.once`."""
    odd, happened, channels, visits, became = together(call, KNOWN)
    corrected, exchanged = happenings(happened)
    events = [VisitEvent(*row) for row in became]
    return InView(
        tuple(odd_days(odd)),
        tuple(corrected),
        tuple(exchanged),
        tuple(PointChannel(*row) for row in channels),
        tuple(with_events(Visit(*row), events) for row in visits),
    )
