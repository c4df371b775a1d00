"""Rules of whom a campaign is for become a question of segments, and the other way round."""

from __future__ import annotations

import importlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from utility_crm.kit.database import make_engine
from utility_crm.kit.migrations import migrate
from utility_crm.segments.domain.tree import read_tree
from utility_crm.segments.offers import offers

step = importlib.import_module("utility_crm.migrations.versions.0065_campaign_audience")
RULES = st.fixed_dictionaries(
    {
        "segments": st.lists(st.sampled_from(["household", "small_business"]), unique=True),
        "area": st.sampled_from(["", "M"]),
        "tariff": st.sampled_from(["", "steady"]),
        "saving_above_minor": st.none() | st.integers(-5000, 10**9),
        "may_leave_ppm": st.none() | st.integers(0, 100).map(lambda percent: 10_000 * percent),
        "segment_id": st.none(),
    }
)
MADE = """
    insert into campaigns (code, name, kind, offer, currency, audience, secret, control_ppm, baseline_ppm,
        starts_on, ends_on, decides_on, budget_minor, costs, amount, made_at)
    values (:code, 'A test', 'retention', 'points', 'GBP', cast(:audience as jsonb), 's', 200000, 20000,
        '2026-11-20', '2026-12-01', '2027-01-01', 0, '{}', 5, now())
"""


@given(RULES)
def test_every_rule_has_a_tree_and_comes_back(rules: dict[str, Any]) -> None:
    tree = step.tree_of(rules, "day_night")
    read_tree(json.loads(json.dumps(tree)), offers())
    assert step.rules_of(tree, "day_night") == rules


def test_a_campaign_goes_up_and_down(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    homes = {**step.OLD, "segments": ["household"], "may_leave_ppm": 150_000}
    other = {"tree": {"not": {"fact": "feeds_in", "op": "yes"}}, "segment_id": None}
    migrate(engine, "0064", down=True)
    with engine.begin() as connection:
        connection.execute(text(MADE), {"code": "K-1", "audience": json.dumps(homes)})
    migrate(engine)
    with engine.begin() as connection:
        assert connection.scalar(text("select audience from campaigns")) == {
            "tree": step.tree_of(homes, ""),
            "segment_id": None,
        }
        connection.execute(text(MADE), {"code": "K-2", "audience": json.dumps(other)})
    migrate(engine, "0064", down=True)
    with engine.connect() as connection:
        first, second = connection.scalars(text("select audience from campaigns order by code"))
        kept = connection.execute(text("select id, name, tree from segments")).one()
    assert first == homes and second == {**step.OLD, "segment_id": kept.id}
    assert kept.name == "K-2: A test" and kept.tree == other["tree"]
    migrate(engine)
    with engine.connect() as connection:
        again = list(
            connection.scalars(text("select audience ->> 'segment_id' from campaigns order by code"))
        )
    assert again == [None, str(kept.id)]
    engine.dispose()
