"""Champion and challenger: who scores, who waits, what is kept of what a model learned from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from churn.actions import explain, score, train
from churn.jobs import learn_anew, score_everybody
from churn.registered import last_run, registered
from churn.tables import ChurnModel, ChurnScore
from tests.db.churn.conftest import Supplier
from tests.db.churn.test_actions import AS_OF, NOW, populate
from utility_crm.kit.errors import NotFound


@pytest.fixture
def peopled(session: Session, supplier: Supplier) -> Session:
    populate(supplier, leave=0.7)
    return session


def test_a_model_keeps_what_it_was_made_of_and_scores_name_it(peopled: Session) -> None:
    early = train(peopled, AS_OF - timedelta(days=10), NOW)
    assert score(peopled, AS_OF, NOW).model_id == early.model_id
    late = train(peopled, AS_OF, NOW)
    models = {one.id: one for one in peopled.scalars(select(ChurnModel))}
    first, second = models[early.model_id], models[late.model_id]
    assert late.why in {"better", "worse", "not_surely_better"} and second.state == late.state
    gain = second.figures["gain"]
    assert (late.why == "better") == (gain["mean"] > gain["error"])
    assert len(first.fingerprint) == 64 and first.fingerprint != second.fingerprint
    assert first.rows == first.figures["fit"]["rows"] and first.leavers == first.figures["fit"]["leavers"]
    assert set(first.versions) == {"numpy", "scikit-learn"} and "unanswered" in first.features
    done = score(peopled, AS_OF, NOW)
    champion = next(one for one in models.values() if one.state == "champion")
    assert done.model_id == champion.id
    assert set(peopled.scalars(select(ChurnScore.model_id))) == {champion.id}
    listed = registered(peopled)
    assert listed[0].model_id == champion.id and listed[0].tested is not None
    with pytest.raises(IntegrityError), peopled.begin_nested():
        peopled.execute(
            text("update churn_models set state = 'champion', champion_since = now() where id = :id"),
            {"id": next(one.id for one in models.values() if one.state != "champion")},
        )

    beside = second.figures["compared"]
    assert beside["champion_id"] == first.id
    assert set(beside["models"]) == {"challenger", "baseline", "champion"}
    for figures in beside["models"].values():
        value, low, high = figures["roc_auc"]
        assert low < value < high
    groups = {one["by"]: one["groups"] for one in second.figures["fairness"]}
    assert {one["group"] for one in groups["segment"]} == {"household", "small_business"}
    assert "care" not in groups, "of one group alone nothing is to be told"
    survival = second.figures["survival"]
    assert survival["curves"][0]["segment"] == "" and survival["curves"][0]["lost"] > 20
    tests = {one["months"]: one for one in survival["tested"]}
    assert set(tests) >= {1, 2, 3} and tests[3]["customers"] == second.figures["test"]["customers"]
    assert tests[3]["left"] == int(second.figures["test"]["figures"]["leavers"])
    assert tests[1]["said"] < tests[2]["said"] < tests[3]["said"]
    assert tests[3]["said"] == pytest.approx(second.figures["test"]["figures"]["predicted"], abs=1e-6)
    run = last_run(peopled)
    assert run is not None and run.model_id == champion.id
    true = run.drift["came_true"]
    assert (true["date"], true["customers"]) == ("2026-08-21", second.figures["test"]["customers"])
    assert {one["fact"] for one in run.drift["facts"]} >= {"tenure", "tariff", "score"}
    _adds_up(peopled)


def _adds_up(session: Session) -> None:
    (number,) = session.execute(
        text(
            "select c.number from churn_scores k join customers c on c.id = k.customer_id"
            " order by k.score desc limit 1"
        )
    ).one()
    found = explain(session, number)
    assert found.is_as_stored and found.reasons[0]["group"] == "complaints"
    assert found.log_odds == pytest.approx(found.intercept + sum(term.log_odds for term in found.terms))
    for points in ([term.points for term in found.terms], [one["points"] for one in found.reasons]):
        assert 100 * found.chance == pytest.approx(100 * found.average + sum(points), abs=1e-9)
    with pytest.raises(NotFound):
        explain(session, "nobody")


def test_an_old_champion_and_one_of_before_the_registry_give_way(peopled: Session) -> None:
    first = train(peopled, AS_OF - timedelta(days=10), NOW)
    with peopled.begin_nested() as tried:
        peopled.execute(text("update churn_models set as_of = as_of - 60"))
        peopled.expire_all()
        late = train(peopled, AS_OF, NOW)
        assert (late.state, late.why) in {("champion", "old"), ("champion", "better"), ("refused", "worse")}
        gain = late.figures["gain"]
        assert (late.state == "refused") == (gain["mean"] < -gain["error"])
        tried.rollback()
    peopled.execute(text("update churn_models set fingerprint = '', twin = '{}', watched = '{}'"))
    peopled.expire_all()
    assert score(peopled, AS_OF, NOW).model_id == first.model_id, "it scores until there is another"
    late = train(peopled, AS_OF, NOW)
    assert (late.state, late.why) == ("champion", "unregistered")
    old = peopled.get_one(ChurnModel, first.model_id)
    assert (old.state, old.retired_why) == ("retired", "replaced") and old.retired_at == NOW


def test_the_clock_scores_daily_and_learns_weekly(peopled: Session) -> None:
    said = score_everybody(peopled, NOW)
    assert said.startswith("scored, ") and said.endswith(" customers as of 2026-11-20")
    assert score_everybody(peopled, NOW + timedelta(hours=1)).startswith("unchanged, ")
    peopled.execute(text("""update churn_runs set drift = '{"news": ["came_true", "saving"]}'"""))
    told = score_everybody(peopled, NOW)
    assert told.endswith(
        "what was said did not come true; the customers have changed in: Saving on another tariff of ours"
    )
    assert "waits its turn" in learn_anew(peopled, NOW + timedelta(days=1)), "but not every day"
    peopled.execute(text("update churn_runs set drift = '{}'"))
    waits = learn_anew(peopled, NOW + timedelta(days=6))
    assert waits == "a model learned as of 2026-11-20; the next waits its turn"
    assert learn_anew(peopled, NOW + timedelta(days=7)).endswith("(as of 2026-11-27)")
    assert len(registered(peopled)) == 2
