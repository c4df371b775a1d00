"""The card of the model: its six questions, and who may see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from churn.card.page import QUESTIONS
from churn.domain.level import Level
from churn.tables import ChurnModel
from tests.web.churn.conftest import AS_OF, MODEL, Scored, card_figures, watched
from tests.web.churn.test_leavers import words_of
from tests.web.conftest import MakeClient


def test_models_stand_beside_each_other(make_client: MakeClient, scored: Scored, session: Session) -> None:
    (model,) = session.query(ChurnModel).all()
    words = words_of(make_client("marketer").get("/leavers/model").text)
    figures = model.figures["compared"]["models"]
    mine, plain = figures["challenger"]["roc_auc"], figures["baseline"]["roc_auc"]
    assert f"Model {model.id}, in use {mine[0]:.3f} ({mine[1]:.3f}–{mine[2]:.3f})" in words
    assert f"Logistic regression, the baseline {plain[0]:.3f}" in words
    assert "learned from 90 who left, in 4,000 rows of 21 Jan 2026 to 22 May 2026" in words
    assert "c0ffee" * 10 in words and "Not to be used for prices, deposits" in words
    assert "Saving on another tariff of ours, Complaints unanswered, Tariff." in words


def test_a_challenger_is_told_of_the_same_customers(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    (model,) = session.query(ChurnModel).all()
    figures = card_figures()
    beside = figures["compared"]["models"]
    figures["compared"] = {
        "champion_id": model.id, "models": {**beside, "champion": beside["challenger"]}
    }  # fmt: skip
    waiting = ChurnModel(
        fitted_at=datetime(2026, 11, 27, tzinfo=UTC), as_of=AS_OF, parameters=MODEL.document(),
        state="challenger", why="not_surely_better", figures={"status": "learned", **figures},
        fingerprint="ab" * 32,
    )  # fmt: skip
    session.add(waiting)
    session.flush()
    client = make_client("marketer")
    words = words_of(client.get("/leavers/model").text)
    assert words.index(f"Model {model.id}, in use 0.") < words.index(f"Model {waiting.id}, challenger 0.")
    listed = words_of(client.get("/leavers/model?ask=models").text)
    assert f"{waiting.id} challenger 20 Nov 2026" in listed
    assert "not better than the champion by more than the standard error" in listed


def test_what_each_fact_adds(make_client: MakeClient, scored: Scored) -> None:
    page = make_client("marketer").get("/leavers/model?ask=facts").text
    words = words_of(page)
    # Steps of -0.1 and 1.4 around their middle are exp(1.5) apart, more than those of the other fact.
    found = re.search(
        r"“ Complaints unanswered ” moves the chance most: from ([\d.]+) to ([\d.]+) times", words
    )
    assert found is not None and float(found[2]) / float(found[1]) == pytest.approx(4.48, abs=0.1)
    assert page.count('class="ln1"') == 2 and "day night" in words


def test_groups_that_are_off_are_named(make_client: MakeClient, scored: Scored, session: Session) -> None:
    (model,) = session.query(ChurnModel).all()
    client = make_client("marketer")
    words = words_of(client.get("/leavers/model?ask=fair").text)
    assert "In every group what was said lies within what happened." in words
    assert "Small business 200" in words and "vulnerable, medical equipment or needs 100" in words
    fairness = [dict(by, groups=[dict(one) for one in by["groups"]]) for by in model.figures["fairness"]]
    fairness[0]["groups"][1]["said"] = 0.001
    model.figures = model.figures | {"fairness": fairness}
    session.flush()
    words = words_of(client.get("/leavers/model?ask=fair").text)
    assert "Of one group what was said lies outside of what happened." in words and "too low" in words
    assert "More left than was said: " in words and "Fewer left than was said: " not in words


def test_what_has_changed_is_said(make_client: MakeClient, scored: Scored) -> None:
    words = words_of(make_client("marketer").get("/leavers/model?ask=changed").text)
    assert "The customers have changed in: Saving on another tariff of ours ." in words
    assert "Said 7.8 %, happened 8.0 %: it came true" in words
    assert "80 left until 19 Nov 2026; with 95 % certainty the share lies between 6.5 % and 9.8 %" in words
    assert "Saving on another tariff of ours 0.410 0.030 changed" in words
    assert "Chance itself 0.020 0.030 as before" in words


def test_when_they_leave(make_client: MakeClient, scored: Scored) -> None:
    words = words_of(make_client("marketer").get("/leavers/model?ask=when").text)
    assert "With the usual chance 10.0 % leave within three months" in words, "three months are the score"
    assert "3 10.0 % 20.0 % 5.0 % 8.0 % (6.0 %–10.0 %) too low customers as of 21 Aug 2026" in words
    assert "so long nobody was watched yet" in words
    assert "Half of the customers are gone after 4.2 years" in words
    assert "2 years: 70 % (64 %–76 %)" in words


def test_the_customer_page_says_when(make_client: MakeClient, scored: Scored, session: Session) -> None:
    client = make_client("agent")
    page = f"/customers/{scored.ada.customer}"
    found = re.search(r"Within one month (\d+) %, six months (\d+) %(.{8})", words_of(client.get(page).text))
    assert found is not None and int(found[1]) < 31 < int(found[2])
    assert "a year" not in found[3], "ten months are all that was ever seen"
    (model,) = session.query(ChurnModel).all()
    survival = model.figures["survival"]
    model.figures = model.figures | {"survival": survival | {"hazard": survival["hazard"] | {"seen": 12}}}
    session.flush()
    assert re.search(r"six months \d+ %, a year \d+ %", words_of(client.get(page).text))


@pytest.mark.parametrize("role", ["agent", "ops"])
def test_the_card_is_for_marketers(make_client: MakeClient, scored: Scored, role: str) -> None:
    assert make_client(role).get("/leavers/model").status_code == 403


def test_every_question_is_answered_whatever_is_known(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    client = make_client("marketer", language="ru")
    (model,) = session.query(ChurnModel).all()
    for ask in QUESTIONS:
        page = client.get(f"/leavers/model?ask={ask}", headers={"HX-Request": "true"}).text
        assert "<html" not in page and "%(" not in page
    assert watched()["customers"] == 500
    model.figures = {"status": "learned", "fit": {}, "test": {}}
    model.watched = {}
    session.flush()
    for ask in QUESTIONS:
        assert client.get(f"/leavers/model?ask={ask}").status_code == 200
    model.state = "retired"
    session.flush()
    for ask in QUESTIONS:
        assert "Модели пока нет." in client.get(f"/leavers/model?ask={ask}").text


def test_how_far_the_level_was_moved(make_client: MakeClient, scored: Scored, session: Session) -> None:
    client = make_client("marketer")
    assert "How many in all" not in words_of(client.get("/leavers/model").text)  # of a model from before
    model = session.scalars(select(ChurnModel)).one()
    level = Level(learned=0.032, foretold=0.061, taken=0.0447, part=0.5, shift=-0.3)
    model.figures = {**model.figures, "level": level.document()}
    session.flush()
    words = words_of(client.get("/leavers/model").text)
    assert "it foretold that 6.1 % of all would leave, where 3.2 % is the mean of those it learned" in words
    assert "50 % is believed, so it says 4.5 %" in words
