"""The dials of a service point: shown with what was used, and a read taken on the phone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from meters.registers.recording import Taken, record_read

PATH = "/meter-reads/SP-1"
KWH = 1_000_000


def told(session, kwh: float, month: int, kind: str = "actual", **more) -> int:
    at = datetime(2026, month, 1, tzinfo=UTC)
    return record_read(session, "SP-1", Taken("T1", int(kwh * KWH), **more), at, kind, despite=True)


@pytest.fixture
def client(meter, make_client):
    return make_client("agent")


def form(**more: str) -> dict[str, str]:
    return {"register": "T1", "at": "2026-11-19T10:30", "value": "190.5", "kind": "customer"} | more


def test_nothing_was_read_yet(client) -> None:
    page = client.get(PATH)
    assert page.status_code == 200 and "Nobody has read a dial here yet." in page.text
    assert 'action="/meter-reads/SP-1"' in page.text


def test_reads_and_what_was_used_between(session, client) -> None:
    feed_id = told(session, 100, 8)
    told(session, 150, 9, "estimated")
    told(session, 140, 10)
    page = client.get(PATH).text
    assert "register T1 counted" in page and "40.0 kWh" in page
    assert "superseded by real reads" in page and f"/feeds/{feed_id}" in page
    assert page.count("E18-441276") == 3 and "Two meters" not in page


def test_what_does_not_go_together_is_shown(session, client) -> None:
    told(session, 100, 8)
    told(session, 90, 9)
    page = client.get(PATH).text
    assert "The register went backwards" in page and "100.000 kWh (read at the meter)" in page


def test_a_read_is_kept_under_the_agents_name(session, client) -> None:
    told(session, 100, 11)
    answer = client.post(PATH, data=form())
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    page = client.get(PATH).text
    assert "190.500 kWh" in page and "Priya Nair" in page and "90.500" in page
    assert session.scalar(text("select read_at from register_reads order by read_at desc")) == datetime(
        2026, 11, 19, 10, 30, tzinfo=UTC
    )


def test_a_read_that_contradicts_is_asked_for_again_and_kept_if_meant(session, client) -> None:
    told(session, 200, 11)
    answer = client.post(PATH, data=form())
    assert answer.status_code == 422 and "A better read speaks against it" in answer.text
    assert 'value="190.5"' in answer.text and 'name="despite"' in answer.text
    assert session.scalar(text("select count(*) from register_reads")) == 1
    assert client.post(PATH, data=form(despite="yes")).status_code == 303
    assert "left out" in client.get(PATH).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "many"}, "This is no number."),
        ({"at": "yesterday"}, "This is no time up to now."),
        ({"at": "2026-11-21T00:00"}, "This is no time up to now."),
        ({"register": " "}, "Name a register."),
        ({"kind": "deemed"}, "is none of"),
    ],
)
def test_a_read_that_cannot_be_kept(session, client, wrong, said) -> None:
    answer = client.post(PATH, data=form(**wrong))
    assert answer.status_code == 422 and said in answer.text
    assert session.scalar(text("select count(*) from register_reads")) == 0


def test_the_service_point_leads_to_its_dials(client) -> None:
    assert 'href="/meter-reads/SP-1"' in client.get("/meters/SP-1").text


def test_who_may_look(make_client, meter) -> None:
    assert make_client("marketer").get(PATH).status_code == 403
    assert make_client("ops").get(PATH).status_code == 200
    assert make_client("admin").get("/meter-reads/SP-9").status_code == 404
