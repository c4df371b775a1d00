"""Tariffs as the engine reads them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import read_tariff
from billing.domain.tariffs.tariff import Tariff as RatedTariff
from billing.tables import Agreement, Tariff
from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A tariff as people list it. `agreements`: how many take supply on it on the day asked for."""

    id: int
    code: str
    name: str
    currency: str
    agreements: int


@lru_cache(maxsize=256)
def parsed(document: str) -> RatedTariff:
    """A stored document is read once a process: JSONB has one spelling for one content."""
    return read_tariff(document)


def tariffs_by_id(session: Session, ids: Collection[int]) -> dict[int, RatedTariff]:
    """The rated form of each tariff named."""
    rows = session.execute(
        select(Tariff.id, cast(Tariff.document, Text)).where(
            Tariff.id.in_(ids) if ids else Tariff.id.is_(None)
        )
    )
    return {row[0]: parsed(row[1]) for row in rows}


def tariff_named(session: Session, code: str) -> RatedTariff:
    """Raises NotFound."""
    document = session.scalar(select(cast(Tariff.document, Text)).where(Tariff.code == code))
    if document is None:
        raise NotFound("tariff", mark("There is no tariff '%(tariff)s'."), code, tariff=code)
    return parsed(document)


def all_tariffs(session: Session, on: date) -> list[TariffRow]:
    """Every tariff, by code, with how many agreements are on it that day."""
    live = (
        select(Agreement.tariff_id, func.count().label("n"))
        .where(Agreement.starts_on <= on, (Agreement.ends_before.is_(None)) | (Agreement.ends_before > on))
        .group_by(Agreement.tariff_id)
        .subquery()
    )
    rows = session.execute(
        select(Tariff.id, Tariff.code, Tariff.name, Tariff.currency, func.coalesce(live.c.n, 0))
        .outerjoin(live, live.c.tariff_id == Tariff.id)
        .order_by(Tariff.code)
    )
    return [TariffRow(*row) for row in rows]
