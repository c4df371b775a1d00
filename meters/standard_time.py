"""The standard time of service points that are known, for readers of files that do not say it."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from meters.domain.local_clock import standard_offset_minutes
from meters.domain.names import name_fault
from meters.tables import Channel, ServicePoint
from utility_crm.network.tables import Premise

_ONE_BY_ONE = 20
"""From this many service points on all are fetched at once."""


class StandardTimes:
    """`times(code)` is the offset in minutes of a service point: of its channels where they agree, since a
    channel's standard time never moves; else of its premise's zone; None while unassigned or unknown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[str, int | None] = {}
        self._all = False

    def __call__(self, code: str) -> int | None:
        if name_fault(code) is not None:
            return None  # no service point is called so, and the database would not hear of some of them
        if code not in self._found and not self._all:
            self._all = len(self._found) >= _ONE_BY_ONE
            self._load(_STATEMENT if self._all else _STATEMENT.where(ServicePoint.code == code))
        return self._found.setdefault(code, None)

    def foresee(self, codes: Collection[str]) -> None:
        """Fetch these at once."""
        codes = [code for code in codes if name_fault(code) is None]
        self._found |= dict.fromkeys(codes)
        among = literal(sorted(codes), ARRAY(Text()))
        self._load(_STATEMENT.where(ServicePoint.code == any_(among)))

    def _load(self, statement: Select[str, str | None, int | None, int | None]) -> None:
        for code, zone, least, most in self._session.execute(statement):
            if least is not None and least == most:
                self._found[code] = least
            elif zone is not None:
                self._found[code] = standard_offset_minutes(ZoneInfo(zone))


_STATEMENT = (
    select(
        ServicePoint.code,
        func.min(Premise.timezone),
        func.min(Channel.offset_minutes),
        func.max(Channel.offset_minutes),
    )
    .outerjoin(Premise, Premise.id == ServicePoint.premise_id)
    .outerjoin(Channel, Channel.service_point_id == ServicePoint.id)
    .group_by(ServicePoint.code)
)
