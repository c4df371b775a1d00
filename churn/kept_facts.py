"""The facts of a morning, kept a row a customer, so that everybody is scored and explained without asking
every table again.

One pass over all tables a day writes them (`keep`); whoever scores reads them by one binary COPY (`kept_on`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.feature_table import FloatArray
from churn.domain.kept import IntArray, Kept, Layout
from churn.features import NUMBERS, WORDS, features
from churn.tables import ChurnFacts, ChurnFactsLayout
from meters.block_copy import pieces
from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.settings import settings

DAYS = ("since", "shock_on", "term_ends_before")
TEXTS = (*CATEGORICAL, *(name for name in WORDS if name not in DAYS))
NAMES = (*NUMERIC_NAMES, *NUMBERS, *DAYS, *TEXTS)

_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_FLOAT8 = 701  # type code of pg_type, fixed for all servers
_PIECE = 1 << 20


def keep(session: Session, as_of: date, now: datetime, frame: pd.DataFrame | None = None) -> Kept:
    """Keep the facts of everybody supplied on `as_of` in place of any others: those of `frame`, else
    read from scratch."""
    kept = packed(features(session, [as_of], settings().timezone) if frame is None else frame)
    session.execute(delete(ChurnFacts))
    session.execute(delete(ChurnFactsLayout))
    row = {"as_of": as_of, "kept_at": now, "customers": len(kept), "layout": kept.layout.document()}
    session.execute(insert(ChurnFactsLayout), [row])
    with driver_cursor(session) as cursor:
        told = "copy churn_facts (customer_id, facts) from stdin (format binary)"
        with cursor.copy(told) as copy:
            copy.write(_HEAD)
            rows = _rows(kept).tobytes()
            for start in range(0, len(rows), _PIECE):
                copy.write(rows[start : start + _PIECE])
            copy.write(b"\xff\xff")
    return kept


def kept_on(session: Session, as_of: date) -> Kept | None:
    """The facts as they were kept for this date; None where they were not, or were of other facts."""
    told = session.scalar(select(ChurnFactsLayout.layout).where(ChurnFactsLayout.as_of == as_of))
    layout = None if told is None else Layout.of(told)
    if layout is None or layout.names != NAMES:
        return None
    with driver_cursor(session) as cursor:
        asked = "copy (select customer_id, facts from churn_facts) to stdout (format binary)"
        with cursor.copy(asked) as copy:
            found = pieces(cursor, copy)
    kind = _row_of(len(layout.names))
    # The first piece has the head before its row; the last, of two bytes, is none.
    raw = b"".join(
        bytes(piece)[len(_HEAD) :] if bytes(piece[:6]) == b"PGCOPY" else bytes(piece)
        for length, group in found.items()
        if length != 2
        for piece in group
    )
    rows = np.frombuffer(raw[: len(raw) // kind.itemsize * kind.itemsize], dtype=kind)
    ids = rows["customer_id"].astype(np.int64)
    if (np.diff(ids) < 0).any():  # they were written in order, and come so unless some were moved
        rows = rows[np.argsort(ids, kind="stable")]
    columns = np.array(rows["facts"]["value"].T, dtype=np.float64, order="C")
    return Kept(np.sort(ids), columns, layout)


def customers_kept(session: Session) -> tuple[date, int] | None:
    """Of which date facts are kept, and of how many customers."""
    row = session.execute(select(ChurnFactsLayout.as_of, ChurnFactsLayout.customers)).first()
    return None if row is None else (row.as_of, row.customers)


def packed(frame: pd.DataFrame) -> Kept:
    """A frame of `churn.features` for one date."""
    ordered = frame.sort_values("customer_id", ignore_index=True)
    words: dict[str, tuple[str, ...]] = {}
    columns: list[FloatArray] = []
    for name in NAMES:
        if name in DAYS:
            columns.append(_ordinals(ordered[name]))
        elif name in TEXTS:
            codes, found = pd.factorize(ordered[name], sort=True)
            words[name] = tuple(str(one) for one in found)
            columns.append(np.where(codes < 0, np.nan, codes.astype(np.float64)))
        else:
            columns.append(ordered[name].to_numpy(dtype=np.float64, na_value=np.nan))
    ids: IntArray = ordered["customer_id"].to_numpy(dtype=np.int64)
    matrix = np.vstack(columns) if columns else np.zeros((0, ids.size))
    return Kept(ids, matrix, Layout(NAMES, DAYS, words))


def frame_of(kept: Kept) -> pd.DataFrame:
    """What a model is scored on, as a frame."""
    table = kept.table(NUMERIC_NAMES, CATEGORICAL)
    return pd.DataFrame({**table.numeric, **table.categorical})


def _ordinals(days: pd.Series[Any]) -> FloatArray:
    codes, found = pd.factorize(days)
    known = np.array([one.toordinal() for one in found], dtype=np.float64)
    return np.append(known, np.nan)[codes]


def _rows(kept: Kept) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    size = len(kept.layout.names)
    rows = np.zeros(len(kept), dtype=_row_of(size))
    rows["fields"], rows["id_bytes"], rows["customer_id"] = 2, 8, kept.customer_ids
    rows["array_bytes"], rows["dimensions"], rows["type"] = 20 + 12 * size, 1, _FLOAT8
    rows["size"], rows["lower"], rows["facts"]["bytes"] = size, 1, 8
    rows["facts"]["value"] = kept.columns.T
    return rows


def _row_of(size: int) -> np.dtype[np.void]:
    """A row of (bigint, double precision[]) as COPY has it in binary."""
    return np.dtype(
        [
            ("fields", ">i2"), ("id_bytes", ">i4"), ("customer_id", ">i8"), ("array_bytes", ">i4"),
            ("dimensions", ">i4"), ("has_holes", ">i4"), ("type", ">i4"), ("size", ">i4"), ("lower", ">i4"),
            ("facts", [("bytes", ">i4"), ("value", ">f8")], (size,)),
        ]
    )  # fmt: skip
