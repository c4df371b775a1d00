"""The readings of a service point, taken away as a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from meters.feeds.reading import read_feed
from meters.inspection import summarise
from meters.pages.exporting import one_state
from tests.web.meters.conftest import TODAY, days_before
from utility_crm.kit.database import make_engine


@pytest.mark.parametrize(("name", "kind"), [("csv", "text/csv"), ("greenbutton", "application/atom+xml")])
def test_a_file_of_one_service_point(make_client, meter, sent, tmp_path: Path, name: str, kind: str) -> None:
    sent("a.csv", *days_before(3), *days_before(2, "SP/2 ü", value=7))
    client = make_client("ops")
    got = client.get(f"/feeds/export?service_point=SP-1&format={name}")
    assert got.status_code == 200 and got.headers["content-type"].startswith(kind)
    assert "attachment; filename*=UTF-8''SP-1." in got.headers["content-disposition"]
    (tmp_path / "got").write_bytes(got.content)
    [channel] = summarise(read_feed(tmp_path / "got").blocks)
    assert (channel.service_point, channel.readings, channel.total) == ("SP-1", 144, 72_000_000)
    one_day = client.get(f"/feeds/export?service_point=SP/2 ü&from={TODAY.replace(day=19)}&to={TODAY}")
    assert (
        one_day.text.count("\n") == 49
        and "filename*=UTF-8''2%20%C3%BC.csv" in one_day.headers["content-disposition"]
    )


def test_what_cannot_be_is_said(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(1))
    client = make_client("ops")
    assert client.get("/feeds/export?service_point=NOBODY").status_code == 404
    assert client.get("/feeds/export?service_point=SP-1&from=2030-01-01").status_code == 404
    assert client.get("/feeds/export?service_point=SP-1&format=pdf").status_code == 422
    assert client.get("/feeds/export?service_point=SP-1&to=May").status_code == 422
    no_nmi = client.get("/feeds/export?service_point=SP-1&format=nem12")
    assert no_nmi.status_code == 422 and "SP-1" in no_nmi.text
    assert make_client("agent").get("/feeds/export?service_point=SP-1").status_code == 403


def test_a_service_point_offers_its_readings(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(1))
    page = make_client("ops").get("/meters/SP-1?ask=files").text
    assert 'href="/feeds/export?service_point=SP-1&amp;format=csv"' in page
    assert "/feeds/export" not in make_client("agent").get("/meters/SP-1?ask=files").text


def test_a_file_shows_one_state_of_the_database(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    asked = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(engine=engine)))
    with one_state(asked) as session:
        assert session.scalar(text("show transaction_isolation")) == "repeatable read"
        before = session.scalar(text("select count(*) from service_points"))
        with engine.begin() as other:
            other.execute(text("insert into service_points (code, fuel) values ('NEW', 'electricity')"))
        assert session.scalar(text("select count(*) from service_points")) == before
    engine.dispose()
