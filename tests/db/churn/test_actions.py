"""Fitting and scoring a small supplier whose customers leave for a planted cause: a complaint nobody
answered."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from bent_history import no_trigger_minds
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from billing.tables import Agreement, Bill
from churn.actions import Done, fit_and_score, score, train
from churn.customer import ROOM
from churn.domain.label import Supply
from churn.domain.split import time_split
from churn.features import features
from churn.jobs import JOBS
from churn.queries import SCORE, Narrowed, crowd, leavers, lost, model_card, other_ends, reasons_at_the_top
from churn.tables import ChurnModel, ChurnRun, ChurnScore
from churn.training import past
from meters.tables import ServicePoint
from tests.db.churn.conftest import Supplier, at
from utility_crm.customers.tables import Account, Contact, Customer
from utility_crm.kit.gathering import gathered
from utility_crm.kit.parts import CustomerCall
from utility_crm.network.tables import Premise

AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
FIRST_BILL = date(2025, 11, 20)
CUSTOMERS = 400


def populate(supplier: Supplier, leave: float, seed: int = 4) -> None:
    """A year of customers. Each month one in twenty complains and is not answered; of those `leave` switch
    within 50 days, of all others one in two hundred a month. Others call, or are answered, and stay as
    likely."""
    session, draw = supplier.session, np.random.default_rng(seed)
    ids = np.arange(1, CUSTOMERS + 1) + 10_000_000
    rows = [{"id": int(i), "number": f"N{i}"} for i in ids]
    segments = draw.choice(["household", "small_business"], CUSTOMERS, p=[0.8, 0.2])
    since = [FIRST_BILL - timedelta(days=int(days)) for days in draw.integers(60, 3000, CUSTOMERS)]
    session.execute(
        insert(Customer),
        [
            {
                **row,
                "kind": "person",
                "name": f"Person {row['number']}",
                "segment": str(segment),
                "since": day,
            }
            for row, segment, day in zip(rows, segments, since, strict=True)
        ],
    )
    session.execute(
        insert(Account),
        [
            {
                **row, "customer_id": row["id"], "payer_id": row["id"], "cycle_day": 1, "currency": "GBP",
                "opened_on": day, "payment_method": "card",
            }
            for row, day in zip(rows, since, strict=True)
        ],
    )  # fmt: skip
    session.execute(
        insert(Premise),
        [
            {"id": row["id"], "code": row["number"], "address": "1 Test Row", "timezone": "Europe/London",
             "node_id": supplier.area}
            for row in rows
        ],
    )  # fmt: skip
    session.execute(
        insert(ServicePoint),
        [{"id": row["id"], "code": row["number"], "premise_id": row["id"]} for row in rows],
    )
    ends: dict[int, date] = {}
    contacts, bills = [], []
    for row in rows:
        for month in range(13):
            day = FIRST_BILL + timedelta(days=30 * month)
            complains, calls, is_answered = draw.random(3) < (0.05, 0.3, 0.1)
            if complains or calls or is_answered:
                contacts.append(
                    {
                        "customer_id": row["id"], "at": at(day), "channel": "call", "topic": "bill",
                        "complaint": complains or is_answered,
                        "answered_at": None if complains else at(day + timedelta(days=2)),
                    }
                )  # fmt: skip
            if draw.random() < (leave if complains else 0.005):
                ends[row["id"]] = day + timedelta(days=int(draw.integers(5, 50)))
                break
            bills.append(
                {
                    "number": f"{row['number']}-{month}", "account_id": row["id"], "currency": "GBP",
                    "starts_on": day - timedelta(days=30), "ends_before": day, "issued_on": day,
                    "due_on": day + timedelta(days=14), "total_minor": int(draw.integers(7000, 9000)),
                    "open_minor": 0, "micro_kwh": 300_000_000,
                }
            )  # fmt: skip
    session.execute(insert(Contact), contacts)
    session.execute(insert(Bill), bills)
    session.execute(
        insert(Agreement),
        [
            {
                "account_id": row["id"], "service_point_id": row["id"], "tariff_id": supplier.steady,
                "starts_on": day,
                "ends_before": ends.get(row["id"]), "end_reason": "switched" if row["id"] in ends else None,
            }
            for row, day in zip(rows, since, strict=True)
        ],
    )  # fmt: skip


@pytest.fixture
def scored(session: Session, supplier: Supplier) -> Done:
    populate(supplier, leave=0.7)
    return fit_and_score(session, AS_OF, NOW)


def test_the_planted_cause_is_found_on_a_later_time(session: Session, scored: Done) -> None:
    assert scored.status == "scored"
    test = scored.figures["test"]["figures"]
    assert test["auc"] > 0.6 and test["auc_low"] < test["auc"] < test["auc_high"]
    assert test["lift"] > 2
    assert abs(test["predicted"] - test["observed"]) < 0.05
    split = time_split(AS_OF, FIRST_BILL)
    assert split is not None
    assert scored.figures["test"]["date"] == split.test.isoformat()
    assert max(scored.figures["train"]["dates"]) < scored.figures["test"]["date"]


def test_everybody_supplied_is_scored_and_the_cause_is_the_reason(session: Session, scored: Done) -> None:
    supplied = session.scalar(
        select(func.count()).select_from(Agreement).where(
            (Agreement.ends_before.is_(None)) | (Agreement.ends_before > AS_OF)
        )
    )  # fmt: skip
    assert scored.customers == supplied == session.scalar(select(func.count()).select_from(ChurnScore))
    found = leavers(session, Narrowed(), rows=None)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].rank == 1 and found[0].area == "Moorside" and found[0].tariff == "Steady"
    assert found[0].reasons[0].group == "complaints"
    assert found[0].reasons[0].figures["unanswered_count"] >= 1
    card = model_card(session)
    assert card is not None
    assert np.mean([row.score for row in session.scalars(select(ChurnScore))]) == pytest.approx(card.usual)
    assert reasons_at_the_top(session, Narrowed(), 20)[0][0] == "complaints"


def test_the_list_can_be_narrowed_and_paged(session: Session, scored: Done) -> None:
    everybody = leavers(session, Narrowed(), rows=None)
    small = leavers(session, Narrowed(segment="small_business"), rows=None)
    assert small == [one for one in everybody if one.segment == "small_business"]
    assert leavers(session, Narrowed(area="AREA1"), rows=5, skip=5) == everybody[5:10]
    assert leavers(session, Narrowed(area="elsewhere")) == []
    high = 2 * scored.usual
    counted = crowd(session, Narrowed(), scored.usual)
    assert counted.customers == len(everybody)
    assert counted.high == sum(one.score >= high for one in everybody)
    assert counted.expected == pytest.approx(sum(one.score for one in everybody))


def test_whoever_gave_notice_is_not_on_the_list(session: Session, scored: Done) -> None:
    first = leavers(session, Narrowed(), rows=1)[0]
    session.execute(
        text(
            "update agreements set ends_before = :day, end_reason = 'switched' where account_id ="
            " (select id from accounts where customer_id = :customer)"
        ),
        {"day": AS_OF + timedelta(days=12), "customer": first.customer_id},
    )
    assert leavers(session, Narrowed(), rows=1)[0].customer_id != first.customer_id


def test_twice_a_day_changes_nothing(session: Session, scored: Done) -> None:
    by_customer = select(ChurnScore.customer_id, ChurnScore.score).order_by(ChurnScore.customer_id)
    before = session.execute(by_customer).all()
    again = score(session, AS_OF, NOW + timedelta(hours=1))
    assert (again.status, again.model_id, again.customers) == ("unchanged", scored.model_id, scored.customers)
    forced = fit_and_score(session, AS_OF, NOW + timedelta(hours=2))
    assert (forced.status, forced.model_id) == ("scored", scored.model_id)
    assert session.scalar(select(func.count()).select_from(ChurnModel)) == 1, "the same data, the same model"
    assert session.execute(by_customer).all() == before


def test_what_happens_later_does_not_change_a_past_model(
    session: Session, supplier: Supplier, scored: Done
) -> None:
    """The model of an earlier day is the same whether or not the days after it have happened."""
    day = AS_OF - timedelta(days=20)
    before = _learned_alone(session, day)
    forgotten = [
        "delete from bills where issued_on >= :day returning id",
        "delete from contacts where at >= :day returning id",
        "update agreements set ends_before = null, end_reason = null where ends_before > :day returning id",
    ]
    with no_trigger_minds(session):
        for statement in forgotten:
            assert session.execute(text(statement), {"day": day}).all()
    after = _learned_alone(session, day)
    assert after.fingerprint == before.fingerprint != ""
    assert (after.parameters, after.twin, after.figures) == (before.parameters, before.twin, before.figures)


def _learned_alone(session: Session, day: date) -> ChurnModel:
    """The model of a day, in an empty registry."""
    for table in (ChurnScore, ChurnRun, ChurnModel):
        session.execute(delete(table))
    session.expire_all()
    done = train(session, day, NOW)
    assert (done.status, done.state, done.why) == ("trained", "champion", "first")
    return session.get_one(ChurnModel, done.model_id)


def test_too_few_leavers_are_said(session: Session, supplier: Supplier) -> None:
    populate(supplier, leave=0.0)
    session.execute(
        text("update agreements set ends_before = null, end_reason = null where account_id % 4 <> 0")
    )
    done = fit_and_score(session, AS_OF, NOW)
    assert done.status == "too_few" and done.figures["fit"]["leavers"] < 20
    assert session.scalar(select(func.count()).select_from(ChurnScore)) == 0
    fit_and_score(session, AS_OF, NOW)
    assert session.scalar(select(func.count()).select_from(ChurnModel)) == 1
    card = model_card(session)
    assert card is not None and card.status == "too_few"


def test_without_history_nothing_is_learned(session: Session, supplier: Supplier) -> None:
    assert fit_and_score(session, AS_OF, NOW).status == "too_short"
    person = supplier.moves_in()
    supplier.billed(person, AS_OF - timedelta(days=100), AS_OF - timedelta(days=70), 9000)
    assert fit_and_score(session, AS_OF, NOW).status == "too_short"
    values = {"customer": person.customer, "today": AS_OF}
    assert gathered(session, (SCORE,), values) == [[]]


@pytest.mark.parametrize("reason", ["moved", "died", "cut_off"])
def test_other_ends_are_no_churn(session: Session, supplier: Supplier, reason: str) -> None:
    day = AS_OF - timedelta(days=91)
    gone = supplier.moves_in()
    switched = supplier.moves_in()
    stayed = supplier.moves_in()
    supplier.ends(gone, day + timedelta(days=30), reason)
    supplier.ends(switched, day + timedelta(days=30), "switched")
    frame = features(session, [day], "Europe/London")
    supplies = {
        gone.customer: [Supply(date(2024, 1, 1), day + timedelta(days=30), reason)],
        switched.customer: [Supply(date(2024, 1, 1), day + timedelta(days=30), "switched")],
        stayed.customer: [Supply(date(2024, 1, 1))],
    }
    known = past(frame, supplies, [day])
    assert known.frame["customer_id"].tolist() == [switched.customer, stayed.customer]
    assert known.left.tolist() == [True, False] and known.unknown == 1
    assert [one.customer_id for one in lost(session, AS_OF)] == [switched.customer]
    assert other_ends(session, AS_OF) == {reason: 1}


def test_the_customer_page_says_the_chance_and_why(session: Session, scored: Done) -> None:
    first = leavers(session, Narrowed(), rows=1)[0]
    call = CustomerCall(session, first.customer_id, NOW, AS_OF)
    assert ROOM.cells is not None and ROOM.sections is not None
    (cell,) = ROOM.cells(call)
    usual = f"{round(100 * scored.usual)}\N{NO-BREAK SPACE}%"
    assert (cell.label, cell.detail, cell.tone) == ("May leave", f"usual {usual}", "bad")
    (section,) = ROOM.sections(call)
    assert section.title == f"May leave: {cell.figure}, where {usual} is usual"
    assert section.items[0].text.startswith("Complaint unanswered since ")
    assert section.items[0].amount == f"+{round(first.reasons[0].points)} points"
    nobody = CustomerCall(session, -1, NOW, AS_OF)
    assert not ROOM.cells(nobody) and not ROOM.sections(nobody)


def test_the_jobs_say_why_nothing_can_be_learned(
    session: Session, supplier: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def counted(*given: Any) -> Any:
        tried.append(given[1])
        return train(*given)

    monkeypatch.setattr("churn.actions.train", counted)
    for job in (*JOBS, *JOBS):
        assert job.run(session, NOW) == "refused: the bills do not reach back far enough (as of 2026-11-20)"
    assert tried == [AS_OF], "every fact of everybody is not reckoned anew each hour in vain"
    assert session.scalar(select(func.count()).select_from(ChurnModel)) == 1


def test_the_web_and_the_clock_load_neither_frames_nor_models() -> None:
    program = (
        "import sys; import churn.pages, churn.customer, churn.jobs, churn.module, churn.commands;"
        "print(sorted({'pandas', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
