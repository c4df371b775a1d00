"""Figures of a customer for texts with blanks: their meter, and until when it was read."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from meters.customer_in_view import in_view
from utility_crm.kit.parts import CustomerCall, Figure
from utility_crm.web.formats import day_year

_SERIALS = text("""
    select distinct m.serial from accounts a
    join occupancies o on o.account_id = a.id and o.starts_on <= :today
        and (o.ends_before is null or o.ends_before > :today)
    join service_points s on s.premise_id = o.premise_id
    join meters m on m.service_point_id = s.id and m.removed_before is null
    where a.customer_id = :customer order by m.serial
""")


def last_reading(call: CustomerCall) -> str | None:
    """The last day of which there are readings; None where there are none."""
    days = [one.last_day for one in call.once(in_view).channels if one.last_day is not None]
    return day_year(max(days), call.language) if days else None


def meter_number(call: CustomerCall) -> str | None:
    """The number on their meter, where they have one alone."""
    serials = call.session.scalars(_SERIALS, {"customer": call.customer_id, "today": call.today}).all()
    return serials[0] if len(serials) == 1 else None


FIGURES: Mapping[str, Figure] = {"last reading": last_reading, "meter number": meter_number}
