"""What two do to a campaign at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from churn.campaigns.calling import next_to_call
from churn.campaigns.judging import judge_due
from tests.db.churn.conftest import supplied_by
from tests.db.churn.test_campaigns_meanwhile import listed, somebody
from tests.worlds.campaign_world import NOW, TODAY, launched, populate
from tests.worlds.lock_waits import until_all_wait
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Refused

pytestmark = pytest.mark.usefixtures("plain_settings")


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    load_tables()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def test_of_two_clocks_the_second_judges_nothing(fresh: Engine) -> None:
    day = TODAY + timedelta(days=91)
    with unit_of_work(fresh) as session:
        supplier = supplied_by(session)
        populate(session, supplier, 60)
        launched(session, supplier)

    def judge() -> int:
        with unit_of_work(fresh) as session:
            return judge_due(session, NOW + timedelta(days=91), day)

    rows = text("select * from campaign_verdicts order by outcome, arm, segment")
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(fresh) as session:
            assert judge_due(session, NOW + timedelta(days=91), day) == 2
            first = session.execute(rows).all()
            waiting = pool.submit(judge)
            assert until_all_wait(fresh, waiting)
        assert waiting.result(timeout=30) == 0
    with unit_of_work(fresh) as session:
        assert session.execute(rows).all() == first and len(first) == 8
        assert session.scalar(text("select count(*) from campaign_counts")) == 1


def test_of_two_who_call_the_last_call_that_is_paid_for_is_one_of_theirs(fresh: Engine) -> None:
    with unit_of_work(fresh) as session:
        supplier = supplied_by(session)
        campaign_id = listed(session, supplier, populate(session, supplier, 30), budget_minor=500)
        abel, bela = somebody(session), somebody(session, "bela")

    def calls() -> object:
        try:
            with unit_of_work(fresh) as session:
                return next_to_call(session, campaign_id, bela, today=TODAY, now=NOW)
        except Refused as told:
            return told.code

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(fresh) as session:
            assert next_to_call(session, campaign_id, abel, today=TODAY, now=NOW) is not None
            waiting = pool.submit(calls)
            assert until_all_wait(fresh, waiting)
        assert waiting.result(timeout=30) == "unpaid"
