"""How a topic is asked: one statement for all customers and dates, into a frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Date


def statement(words: str) -> TextClause:
    """SQL after the rows `d` (as_of, and its `morning` in :zone) of :dates."""
    return text(
        "with recursive d as (select as_of, cast(as_of as timestamp) at time zone :zone as morning"
        " from unnest(:dates) as u(as_of))" + words
    ).bindparams(bindparam("dates", type_=ARRAY(Date())))


def asked(
    session: Session, known: TextClause, dates: Sequence[date], zone: str, **values: int
) -> pd.DataFrame:
    """The rows of a statement, by the names of its columns."""
    result = session.execute(known, {"dates": list(dates), "zone": zone, **values})
    return pd.DataFrame.from_records(result.fetchall(), columns=list(result.keys()))
