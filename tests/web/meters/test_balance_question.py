"""The question where energy goes missing: a node that stands out is named; nothing metered is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from meters.tables import EnergyBalance
from tests.web.meters.conftest import TODAY
from tests.web.meters.test_feeds_page import sentence, words
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def nodes(session: Session) -> dict[str, int]:
    """Three metered transformers of which one loses a tenth, balanced for ten days; one day is not whole."""
    area = NetworkNode(code="AX", name="Harbour", kind="area", parent_id=None)
    session.add(area)
    session.flush()
    made: dict[str, int] = {}
    for code, lost in (("X1", 3), ("X2", 10), ("X3", 4)):
        node = NetworkNode(code=code, name=f"Transformer {code}", kind="transformer", parent_id=area.id)
        session.add(node)
        session.flush()
        made[code] = node.id
        for back in range(1, 11):
            session.add(
                EnergyBalance(
                    node_id=node.id,
                    day=TODAY - timedelta(days=back),
                    input_micro=100_000_000,
                    supplied_micro=(100 - lost) * 1_000_000 if back > 1 else 50_000_000,
                    channels=4,
                    short=0 if back > 1 else 1,
                    computed_at=NOW,
                )
            )
    session.flush()
    return made


def test_the_node_that_stands_out_is_named(make_client, nodes) -> None:
    page = make_client("ops").get("/feeds", params={"ask": "balance"}).text
    assert sentence(page) == (
        "Transformer X2 lost 10.0 % of what came in during 28 days; most places lose 4.0 %."
    )
    assert "9 of 10" in words(page) and "Lost day by day at Transformer X2" in words(page)
    assert "10.0 % at Transformer X2" in words(page)


def test_another_node_is_looked_at(make_client, nodes) -> None:
    page = make_client("ops").get("/feeds", params={"ask": "balance", "node": nodes["X1"]}).text
    assert "Lost day by day at Transformer X1" in words(page)


def test_nothing_metered_is_said(make_client, people) -> None:
    page = make_client("ops").get("/feeds", params={"ask": "balance"}).text
    assert sentence(page).startswith("No node of the network is metered")


def test_in_russian(make_client, nodes) -> None:
    page = make_client("ops", language="ru").get("/feeds", params={"ask": "balance"}).text
    assert sentence(page).startswith("Transformer X2: за 28 дней потеряно 10,0 %")
