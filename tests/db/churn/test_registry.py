"""Champion and challenger: who scores, who waits, what is kept of what a model learned from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from churn.actions import score, train
from churn.jobs import learn_anew, score_everybody
from churn.registered import registered
from churn.tables import ChurnModel, ChurnScore
from tests.db.churn.conftest import Supplier
from tests.db.churn.test_actions import AS_OF, NOW, populate


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
    assert (first.state, first.why) in {("champion", "first"), ("retired", "first")}
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


def test_there_is_one_champion_and_the_database_holds_it(peopled: Session) -> None:
    champion = train(peopled, AS_OF, NOW)
    assert champion.state == "champion"
    with pytest.raises(IntegrityError), peopled.begin_nested():
        peopled.execute(
            text(
                "insert into churn_models (as_of, parameters, figures, state, champion_since)"
                " values ('2026-11-20', '{}', '{}', 'champion', now())"
            )
        )


def test_an_old_champion_gives_way_to_one_that_is_no_worse(peopled: Session) -> None:
    train(peopled, AS_OF - timedelta(days=10), NOW)
    peopled.execute(text("update churn_models set as_of = as_of - 60"))
    peopled.expire_all()
    late = train(peopled, AS_OF, NOW)
    assert (late.state, late.why) in {("champion", "old"), ("champion", "better"), ("refused", "worse")}
    gain = late.figures["gain"]
    assert (late.state == "refused") == (gain["mean"] < -gain["error"])


def test_a_model_of_before_the_registry_is_replaced(peopled: Session) -> None:
    first = train(peopled, AS_OF - timedelta(days=10), NOW)
    peopled.execute(text("update churn_models set fingerprint = '', twin = '{}'"))
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
    waits = learn_anew(peopled, NOW + timedelta(days=6))
    assert waits == "a model learned as of 2026-11-20; once a week is enough"
    assert learn_anew(peopled, NOW + timedelta(days=7)).endswith("(as of 2026-11-27)")
    assert len(registered(peopled)) == 2
