"""Facts that are kept score and explain everybody exactly as facts just read."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from churn.actions import Done, score
from churn.actions.registering import champion
from churn.actions.scoring import Judged, judged, written
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.models import model_of
from churn.domain.reasons import grouped
from churn.domain.scoring import points
from churn.features import FIGURES, features
from churn.kept_facts import NAMES, customers_kept, keep, kept_on, packed
from churn.model import table_of
from churn.personal import PERSONAL
from churn.reason_documents import reason_document
from churn.tables import ChurnFacts, ChurnScore
from tests.db.churn.conftest import Supplier
from tests.db.churn.test_actions import AS_OF, NOW, scored

__all__ = ["scored"]  # a fixture
ZONE = "Europe/London"


def test_what_is_kept_is_what_was_read(session: Session, scored: Done) -> None:
    """Bit for bit, every number, day and word."""
    frame = features(session, [AS_OF], ZONE)
    read = packed(frame)
    kept = kept_on(session, AS_OF)
    assert kept is not None and kept.layout == read.layout
    assert kept.columns.tobytes() == read.columns.tobytes()
    assert kept.customer_ids.tolist() == frame["customer_id"].tolist()
    assert set(NAMES) == {*NUMERIC_NAMES, *CATEGORICAL, *FIGURES}
    assert customers_kept(session) == (AS_OF, len(frame))


def test_chances_and_reasons_are_those_of_the_frame_row_by_row(session: Session, scored: Done) -> None:
    """The slow way beside the quick one: a frame, its records, and a document each."""
    model_row = champion(session)
    assert model_row is not None
    model = model_of(model_row.parameters)
    frame = features(session, [AS_OF], ZONE)
    table = table_of(frame, NUMERIC_NAMES, CATEGORICAL)
    terms = model.terms(table)
    why = grouped(points(terms, model.intercept, terms.mean(axis=0)), model.facts, GROUP_OF).reasons()
    slow = {
        record["customer_id"]: (chance, [reason_document(one, record) for one in reasons])
        for record, chance, reasons in zip(
            frame.to_dict("records"), model.chances(table).tolist(), why, strict=True
        )
    }
    stored = {row.customer_id: (row.score, row.reasons) for row in session.scalars(select(ChurnScore))}
    assert stored == slow
    assert {len(reasons) for _, reasons in slow.values()} >= {1, 2}


def test_another_champion_finds_the_facts_of_the_morning(session: Session, scored: Done) -> None:
    """What came in since is not asked again on that day; on another day, or by order, it is."""
    before = session.execute(select(ChurnScore.customer_id, ChurnScore.score).order_by("customer_id")).all()
    session.execute(text("update contacts set complaint = false"))
    session.execute(text("delete from churn_runs"))
    assert score(session, AS_OF, NOW + timedelta(hours=1)).status == "scored"
    by_customer = select(ChurnScore.customer_id, ChurnScore.score).order_by("customer_id")
    assert session.execute(by_customer).all() == before
    score(session, AS_OF, NOW + timedelta(hours=2), again=True)
    assert session.execute(by_customer).all() != before
    assert kept_on(session, AS_OF + timedelta(days=1)) is None


def test_facts_of_another_make_are_read_anew(session: Session, supplier: Supplier) -> None:
    supplier.moves_in()
    keep(session, AS_OF, NOW)
    session.execute(text("update churn_facts_layouts set layout = jsonb_set(layout, '{names}', '[]')"))
    assert kept_on(session, AS_OF) is None


def test_nobody_supplied_is_kept_and_judged(session: Session, supplier: Supplier, scored: Done) -> None:
    model_row = champion(session)
    assert model_row is not None
    session.execute(text("update agreements set ends_before = :day, end_reason = 'moved'"), {"day": AS_OF})
    kept = keep(session, AS_OF, NOW)
    assert len(kept) == 0 == session.scalar(select(func.count()).select_from(ChurnFacts))
    found = kept_on(session, AS_OF)
    assert found is not None and judged(found, model_of(model_row.parameters)).reasons == []


def test_words_that_json_and_copy_write_otherwise_come_back(session: Session, scored: Done) -> None:
    odd = 'Tab\t"quoted" \\ back\nline, é'
    session.execute(text("update tariffs set name = :name"), {"name": odd})
    kept = keep(session, AS_OF, NOW)
    rows = np.arange(len(kept))
    assert {json.loads(one) for one in kept.json("tariff_name", rows)} == {odd}
    session.execute(delete(ChurnScore))
    said = [f"[{one}]" for one in kept.json("tariff_name", rows)]
    written(session, kept, Judged(np.full(len(kept), 0.1), said), scored.model_id, AS_OF)
    assert {tuple(one) for one in session.scalars(select(ChurnScore.reasons))} == {(odd,)}


def test_a_customer_takes_their_facts_out_in_words(session: Session, scored: Done) -> None:
    frame = features(session, [AS_OF], ZONE).set_index("customer_id")
    customer = int(frame.index[0])
    (holding,) = [one for one in PERSONAL.holdings if one.table == "churn_facts"]
    rows = session.execute(text(str(holding.out)), {"people": [customer]}).all()
    told = {row.fact: row.value for row in rows}
    assert [row.fact for row in rows] == list(NAMES)
    assert told["segment"] == frame.loc[customer, "segment"]
    assert told["since"] == frame.loc[customer, "since"].isoformat()
    assert float(told["tenure"]) == frame.loc[customer, "tenure"]
    assert told["term_days"] is None
