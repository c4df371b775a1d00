"""What waits for ops: the queue, one finding in full, and what its forms take and refuse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.web.meters.conftest import TODAY, YESTERDAY
from tests.web.meters.test_feeds_page import sentence, words

SPIKED = [0.5] * 6 + [9999] + [0.5] * 41
HOLED = [0.5] * 10 + [None] * 4 + [0.5] * 34


def varied(day: int) -> list[object]:
    """An ordinary day: the meter is not stuck."""
    return [round(0.3 + (slot * 7 + day) % 48 / 100, 2) for slot in range(48)]


@pytest.fixture
def queue(meter, sent):
    """Margaret's meter: a spike yesterday, a hole the day before; and one nobody knows that is all wrong."""
    days = [("SP-1", TODAY - timedelta(days=back), varied(back)) for back in range(30, 2, -1)]
    holed = [None if value is None else varied(2)[place] for place, value in enumerate(HOLED)]
    spiked = [varied(1)[place] if value != 9999 else value for place, value in enumerate(SPIKED)]
    sent("a.csv", *days, ("SP-1", TODAY - timedelta(days=2), holed), ("SP-1", YESTERDAY, spiked))
    wild = [9000 + slot for slot in range(48)]
    sent("b.csv", *(("SP-9", TODAY - timedelta(days=back), wild) for back in (9, 8, 7)))
    return meter


def ids(session) -> dict[tuple[str, str], int]:
    rows = session.execute(
        text(
            "select s.code, f.rule, f.id from findings f join channels c on c.id = f.channel_id "
            "join service_points s on s.id = c.service_point_id"
        )
    )
    return {(code, rule): number for code, rule, number in rows}


def state(session, number: int) -> tuple:
    row = session.execute(
        text("select f.state, f.reason, u.name from findings f left join users u on u.id = f.decided_by "
             "where f.id = :id"), {"id": number},
    ).one()  # fmt: skip
    return tuple(row)


def test_an_empty_queue_says_so(make_client, meter) -> None:
    page = make_client("ops").get("/feeds?ask=waits")
    assert page.status_code == 200 and sentence(page.text) == "Nothing waits for you: no reading is in doubt."


def test_the_queue_says_what_is_odd(make_client, session, queue) -> None:
    page = make_client("ops").get("/feeds?ask=waits").text
    assert sentence(page) == "3 findings wait for you; 2 would make a bill wrong."
    said = words(page)
    for part in (
        "9,999.0 kWh at 03:00; this meter can count 11.5 kWh",
        "4 readings are missing, 05:00 to 07:00",
        "on 3 days", "Margaret", "E26-900001", "SP-9",
    ):  # fmt: skip
        assert part in said, part
    assert page.count("data-row") == 3 and page.count('class="spark"') == 3
    assert page.index("9,999.0 kWh at 03:00") < page.index("4 readings are missing"), "the grave ones first"


def test_filters(make_client, session, queue) -> None:
    client = make_client("ops")

    def shown(**filters: str) -> int:
        page = client.get("/feeds", params={"ask": "waits"} | filters)
        assert page.status_code == 200
        return page.text.count("data-row")

    assert [shown(rule="missing"), shown(rule="above_capacity"), shown(rule="spike")] == [1, 2, 0]
    assert [shown(segment="household"), shown(segment="industry")] == [2, 0]
    assert [shown(area="Moorside"), shown(area="-"), shown(area="Nowhere")] == [2, 1, 0]
    assert shown(rule="missing", segment="household", area="Moorside") == 1


def test_one_finding_in_full(make_client, session, queue) -> None:
    number = ids(session)["SP-1", "above_capacity"]
    page = make_client("ops").get(f"/feeds?ask=waits&finding={number}").text
    said = words(page)
    assert re.search(r"An estimate puts 0\.\d+ kWh in the place of 9,999\.0 kWh, on a line", said)
    assert (
        f'action="/feeds/findings/{number}/edit' in page and 'name="v6"' in page and 'name="v7"' not in page
    )
    assert f'href="/customers/{queue.margaret}"' in page and "the file that brought it" in said
    every = make_client("ops", language="ru").get(f"/feeds?ask=waits&finding={number}&all=1").text
    assert every.count('inputmode="decimal"') == 48


def test_kept_as_read(make_client, session, queue) -> None:
    client, number = make_client("ops"), ids(session)["SP-1", "above_capacity"]
    form = {"finding": number, "act": "accept", "reason": "A test of the line."}
    done = client.post("/feeds/findings?ask=waits&area=Moorside", data=form)
    assert done.status_code == 303
    assert done.headers["location"] == "/feeds?ask=waits&area=Moorside&done=accepted-1"
    assert state(session, number) == ("accepted", "A test of the line.", "Priya Nair")
    page = client.get(done.headers["location"]).text
    assert "One finding was kept as read." in page and page.count("data-row") == 1
    in_full = words(client.get(f"/feeds?ask=waits&finding={number}").text)
    assert "kept as read" in in_full and "Priya Nair" in in_full and "A test of the line." in in_full


def test_several_are_estimated_and_those_that_cannot_are_named(make_client, session, queue) -> None:
    client, found = make_client("ops"), ids(session)
    mine = [found["SP-1", "above_capacity"], found["SP-1", "missing"], found["SP-9", "above_capacity"]]
    form = {"finding": mine, "act": "estimate", "reason": "Pulses."}
    page = client.post("/feeds/findings?ask=waits", data=form)
    assert page.status_code == 422 and "One finding could not be decided" in page.text
    assert [state(session, number)[0] for number in mine] == ["estimated", "estimated", "open"]
    left = client.get("/feeds?ask=waits").text
    assert left.count("data-row") == 1 and "SP-9" in left


def test_an_edit(make_client, session, queue) -> None:
    client, number = make_client("ops"), ids(session)["SP-1", "above_capacity"]
    form = {"day": YESTERDAY.isoformat(), "reason": "Read on the phone.", "v6": "0,45"}
    done = client.post(f"/feeds/findings/{number}/edit?ask=waits", data=form)
    assert done.status_code == 303, words(done.text)
    assert state(session, number) == ("edited", "Read on the phone.", "Priya Nair")
    stands = session.execute(
        text("select micro[7], qualities[7] from blocks where day = :day and feed_id = "
             "(select decided_feed_id from findings where id = :id)"),
        {"day": YESTERDAY, "id": number},
    ).one()  # fmt: skip
    assert tuple(stands) == (450_000, 4)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"v6": "lots", "reason": "x"}, "This is no reading"),
        ({"v6": "-1", "reason": "x"}, "This is no reading"),
        ({"v6": "0.45", "reason": " "}, "Say why"),
        ({"v6": "9999", "reason": "x"}, "Nothing was changed"),
    ],
)
def test_a_refused_edit_is_shown_again(make_client, session, queue, typed, said: str) -> None:
    client, number = make_client("ops"), ids(session)["SP-1", "above_capacity"]
    url = f"/feeds/findings/{number}/edit?ask=waits&finding={number}&day={YESTERDAY}"
    page = client.post(url, data={"day": YESTERDAY.isoformat()} | typed)
    assert page.status_code == 422 and said in page.text
    assert f'value="{typed["v6"]}"' in page.text and state(session, number)[0] == "open"


def test_a_decision_without_a_reason_or_a_finding(make_client, session, queue) -> None:
    client, number = make_client("ops"), ids(session)["SP-1", "missing"]
    page = client.post("/feeds/findings?ask=waits", data={"finding": number, "act": "accept", "reason": ""})
    assert page.status_code == 422 and "Say why" in page.text and f'value="{number}"' in page.text
    none = client.post("/feeds/findings?ask=waits", data={"act": "accept", "reason": "x"})
    assert none.status_code == 422 and "Choose at least one finding" in none.text
    assert client.get("/feeds?ask=waits&finding=4711").status_code == 404
    assert client.post("/feeds/findings/4711/edit", data={"day": "2026-11-19", "v1": "1"}).status_code == 404
    assert state(session, number)[0] == "open"


def test_only_ops_and_admins_decide(make_client, session, queue) -> None:
    number = ids(session)["SP-1", "missing"]
    form = {"finding": number, "act": "accept", "reason": "x"}
    for role in ("agent", "marketer"):
        client = make_client(role)
        assert client.post("/feeds/findings", data=form).status_code == 403
        assert client.post(f"/feeds/findings/{number}/edit", data=form).status_code == 403
    assert make_client().post("/feeds/findings", data=form).status_code == 303
    assert state(session, number)[0] == "open"
    assert make_client("admin").post("/feeds/findings", data=form).status_code == 303
    assert state(session, number)[0] == "accepted"


def test_the_queue_speaks_russian(make_client, session, queue) -> None:
    number = ids(session)["SP-1", "above_capacity"]
    page = make_client("ops", language="ru").get(f"/feeds?ask=waits&finding={number}")
    said = words(page.text)
    assert sentence(page.text) == "3 замечания ждут вашего решения; 2 исказили бы счёт."
    can = "этот счётчик может насчитать 11,5 кВт·ч"
    for part in ("Что ждёт моего решения?", can, "Нет 4 показаний, с 05:00"):
        assert part in said, part
    assert "this meter" not in said and "Keep as read" not in said
