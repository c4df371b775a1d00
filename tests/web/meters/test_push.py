"""Readings that head-ends push, through the application: who may, what is taken, once a key."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from meters.pushing.batch import FIELDS
from meters.tables import Block, Channel, Feed
from tests.web.conftest import MakeClient
from utility_crm.auth.tokens import make_token, revoke_token
from utility_crm.kit.clock import utc_now

URL = "/api/v1/readings"
KWH = 1_000_000
DAY = date(2026, 11, 19)


def entry(**more: Any) -> dict[str, Any]:
    stamp = "2026-11-19T00:00:00Z"
    plain = {"service_point": "SP1", "starts_at": stamp, "interval_minutes": 60, "values": [1, 2]}
    return {name: value for name, value in (plain | more).items() if value is not ...}


class Sender:
    """A head-end with a token: `sender.push(entry(), key="k")`."""

    def __init__(self, client: TestClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def push(self, *entries: dict[str, Any], key: str = "k1", **headers: str):
        return self.send(json.dumps({"readings": entries}), key, **headers)

    def send(self, body: Any, key: str = "k1", **headers: str):
        named = {"Idempotency-Key": key, "Content-Type": "application/json", **self.headers, **headers}
        return self.client.post(URL, content=body, headers=named)


@pytest.fixture
def sender(session: Session, make_client: MakeClient) -> Sender:
    made = make_token(session, "head-end 7", ["readings:write"], utc_now())
    return Sender(make_client(), made.token)


def held(session: Session, channel: str = "import", day: date = DAY) -> list[int | None]:
    rows = session.scalars(
        select(Block.micro).join(Channel, Channel.id == Block.channel_id).where(
            Channel.name == channel, Block.day == day)
    ).all()  # fmt: skip
    assert len(rows) <= 1
    return list(rows[0]) if rows else []


def test_a_batch_is_a_feed(session, sender) -> None:
    answer = sender.push(entry(values=[0.1, "0.0000015", None, 1e-3]))
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document == {
        "idempotency_key": "k1",
        "feed_id": document["feed_id"],
        "status": "ok",
        "readings": 3,
        "blocks_added": 1,
        "blocks_changed": 0,
        "blocks_unchanged": 0,
        "problems": [],
    }
    assert held(session)[:5] == [100_000, 2, None, 1_000, None]
    feed = session.get_one(Feed, document["feed_id"])
    assert (feed.name, feed.source, feed.format, feed.options["key"]) == ("head-end 7", "push", "push", "k1")


def test_late_and_partial_days_merge_into_their_block(session, sender) -> None:
    sender.push(entry(values=[1] * 6), key="a")
    evening = entry(starts_at="2026-11-19T05:00:00+01:00", values=[9, 9], quality="estimated")
    late = sender.push(evening, key="b")
    assert late.json()["blocks_changed"] == 1
    assert held(session)[:7] == [KWH] * 4 + [9 * KWH] * 2 + [None]
    assert session.scalar(text("select count(*) from block_history")) == 1
    assert session.execute(text("select qualities[4:5] from blocks")).scalar() == [1, 2]
    again = sender.push(entry(values=[1] * 4), key="c")
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")


def test_one_value_a_reading_and_over_midnight(session, sender) -> None:
    singles = [
        entry(starts_at=f"2026-11-19T{hour:02}:30:00Z", interval_minutes=30, values=..., value=hour)
        for hour in range(23)
    ]
    across = entry(channel="B", starts_at="2026-11-19T23:00:00Z", values=[1, 2, 3], direction="export")
    assert sender.push(*singles, across).json()["blocks_added"] == 3
    assert held(session)[1::2] == [hour * KWH for hour in range(23)] + [None]
    assert held(session, "B")[23:] == [KWH]
    assert held(session, "B", DAY + timedelta(days=1))[:3] == [2 * KWH, 3 * KWH, None]


def test_a_known_channel_keeps_its_unit_and_direction(session, sender) -> None:
    sender.push(entry(channel="B1", unit="Wh", direction="export", values=[500]), key="a")
    said = sender.push(entry(channel="B1", values=[0.25], starts_at="2026-11-19T05:00:00Z"), key="b").json()
    assert said["status"] == "ok"
    assert held(session, "B1")[:6] == [KWH // 2, None, None, None, None, KWH // 4]
    other = sender.push(entry(channel="B1", unit="m3", starts_at="2026-11-20T05:00:00Z"), key="c")
    assert other.status_code == 422 and other.json()["problems"][0]["code"] == "channel_changed"


def test_a_day_of_the_premises_standard_time(session, sender) -> None:
    moscow = "insert into premises (code, address, timezone) values ('P1', '1 Mill Lane', 'Europe/Moscow')"
    session.execute(text(moscow))
    session.execute(text("insert into service_points (code, premise_id) select 'SP1', id from premises"))
    sender.push(entry(starts_at="2026-11-19T00:00:00+03:00", values=[5]))
    assert session.scalar(text("select offset_minutes from channels")) == 180
    assert held(session)[0] == 5 * KWH


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"values": [1, "x"]}, "not_a_number", "$.readings[1].values[1]"),
        ({"values": [1, ""]}, "not_a_number", "$.readings[1].values[1]"),
        ({"values": ..., "value": -1}, "negative_value", "$.readings[1].value"),
        ({"values": [10**9]}, "value_too_large", "$.readings[1].values[0]"),
        ({"starts_at": "2026-11-18T00:20:00Z"}, "off_grid", "$.readings[1].starts_at"),
        ({"starts_at": "2026-11-18T00:00:00.5Z"}, "off_grid", "$.readings[1].starts_at"),
        ({"quality": "splendid"}, "unknown_quality", "$.readings[1].quality"),
        ({"quality": "missing"}, "unknown_quality", "$.readings[1].quality"),
        ({"values": [None]}, "no_readings", "$.readings[1]"),
    ],
)
def test_a_bad_reading_leaves_out_its_day_of_its_channel(session, sender, wrong, code, path) -> None:
    bad = entry(**{"starts_at": "2026-11-18T00:00:00Z", **wrong})
    answer = sender.push(entry(), bad, entry(channel="E2", starts_at="2026-11-18T00:00:00Z"))
    assert answer.status_code == 207 and answer.json()["status"] == "partial"
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["member"], problem["line"]) == (code, path, None)
    assert held(session)[:2] == held(session, "E2", DAY - timedelta(days=1))[:2] == [KWH, 2 * KWH]
    assert held(session, day=DAY - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({"values": [1, 3]}, "conflicting_readings"),
        ({"quality": "estimated"}, "conflicting_readings"),
        ({"interval_minutes": 30, "values": [1]}, "interval_misfit"),
        ({"direction": "export"}, "channel_changed"),
    ],
)
def test_entries_that_contradict_each_other_leave_the_day_out(session, sender, second, code) -> None:
    answer = sender.push(entry(channel="E1"), entry(channel="E1", **second), entry(channel="E2"))
    assert answer.status_code == 207
    assert [problem["code"] for problem in answer.json()["problems"]] == [code]
    assert held(session, "E1") == [] and held(session, "E2")[:1] == [KWH]


def test_a_reading_said_twice_is_counted_once(session, sender) -> None:
    answer = sender.push(entry(), entry())
    assert [problem["code"] for problem in answer.json()["problems"]] == ["repeated_reading"]
    assert answer.json()["readings"] == 2 and held(session)[:3] == [KWH, 2 * KWH, None]


def test_a_batch_of_which_nothing_can_be_taken(session, sender) -> None:
    answer = sender.push(entry(values=["x"]))
    assert answer.status_code == 422 and answer.json()["status"] == "rejected"
    assert sender.push(entry(values=["x"])).content == answer.content
    assert session.scalar(text("select count(*) from feeds")) == 1


SHAPES = [
    (b"", "not_json", "$"),
    (b"{", "not_json", "$"),
    (b"\xff", "encoding", "$"),
    (b"[" * 100_000, "too_deep", "$"),
    (b'{"readings": [NaN]}', "not_json", "$"),
    (b"[]", "no_object", "$"),
    (b"{}", "no_readings", "$.readings"),
    (b'{"readings": []}', "no_readings", "$.readings"),
    (b'{"readings": {}}', "no_readings", "$.readings"),
    (b'{"readings": [1]}', "no_object", "$.readings[0]"),
    (b'{"readings": [], "readings": []}', "repeated_field", "$"),
    (b'{"readings": [], "more": 1}', "unknown_field", "$"),
    ({"quallity": "a"}, "unknown_field", "$.readings[0]"),
    ({"value": 1}, "no_value", "$.readings[0]"),
    ({"values": ...}, "no_value", "$.readings[0]"),
    ({"values": []}, "no_value", "$.readings[0].values"),
    ({"values": 1}, "no_value", "$.readings[0].values"),
    ({"values": [True]}, "bad_value", "$.readings[0].values[0]"),
    ({"values": [1, {}]}, "bad_value", "$.readings[0].values[1]"),
    ({"service_point": ...}, "no_service_point", "$.readings[0].service_point"),
    ({"service_point": 7}, "bad_text", "$.readings[0].service_point"),
    ({"service_point": "a\u0000"}, "bad_text", "$.readings[0].service_point"),
    ({"service_point": "\ud800"}, "bad_text", "$.readings[0].service_point"),
    ({"service_point": "x" * 101}, "bad_text", "$.readings[0].service_point"),
    ({"channel": " "}, "bad_text", "$.readings[0].channel"),
    ({"direction": "out"}, "bad_direction", "$.readings[0].direction"),
    ({"starts_at": ...}, "unreadable_time", "$.readings[0].starts_at"),
    ({"starts_at": "yesterday"}, "unreadable_time", "$.readings[0].starts_at"),
    ({"starts_at": 1763510400}, "unreadable_time", "$.readings[0].starts_at"),
    ({"starts_at": "2026-11-19T00:00:00"}, "timezone_needed", "$.readings[0].starts_at"),
    ({"starts_at": "0001-01-01T00:00:00+23:00"}, "bad_year", "$.readings[0].starts_at"),
    ({"interval_minutes": ...}, "bad_interval", "$.readings[0].interval_minutes"),
    ({"interval_minutes": 7}, "bad_interval", "$.readings[0].interval_minutes"),
    ({"interval_minutes": 0}, "bad_interval", "$.readings[0].interval_minutes"),
    ({"interval_minutes": 30.0}, "bad_interval", "$.readings[0].interval_minutes"),
    ({"interval_minutes": "30"}, "bad_interval", "$.readings[0].interval_minutes"),
]


@pytest.mark.parametrize(("wrong", "code", "where"), SHAPES)
def test_a_body_of_no_shape_is_refused_whole_and_kept_with_its_reason(
    session, sender, wrong, code, where
) -> None:
    if isinstance(wrong, dict):
        answer = sender.push(entry(**wrong), entry(channel="E2"))
    else:
        answer = sender.send(wrong)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["where"]) == (code, where)
    assert session.scalar(text("select count(*) from blocks")) == 0
    (feed,) = session.scalars(select(Feed))
    assert (feed.status, feed.problems[0]["code"], feed.problems[0]["member"]) == ("rejected", code, where)
    assert sender.push(entry()).status_code == 200  # the key is still free


def test_numbers_have_no_end_but_batches_have(sender, monkeypatch) -> None:
    monkeypatch.setattr("meters.pushing.batch.MOST_NUMBERS", 10)
    assert sender.push(entry(values=[1] * 9)).status_code == 200
    assert sender.push(entry(values=[1] * 10), key="b").json()["code"] == "too_many"


def test_the_same_key_and_body_get_the_same_answer_and_no_second_effect(session, sender) -> None:
    first = sender.push(entry())
    session.execute(text("update blocks set micro[1] = 7"))
    again = sender.push(entry())
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert held(session)[0] == 7 and session.scalar(text("select count(*) from feeds")) == 1


def test_the_same_key_with_another_body_is_refused(session, sender) -> None:
    sender.push(entry())
    answer = sender.push(entry(values=[5]))
    assert answer.status_code == 409 and answer.json()["code"] == "key_reused"
    assert held(session)[:2] == [KWH, 2 * KWH]


def test_keys_of_two_senders_are_two_keys(session, sender, make_client) -> None:
    made = make_token(session, "another", ["readings:write"], utc_now())
    sender.push(entry())
    assert Sender(make_client(), made.token).push(entry(values=[5])).json()["status"] == "ok"


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "ä"])
def test_a_batch_needs_a_key(sender, key) -> None:
    token = sender.headers["Authorization"]
    headers = [(b"idempotency-key", key.encode()), (b"authorization", token.encode())]
    answer = sender.client.post(URL, content=b"{}", headers=headers)
    assert answer.status_code == 422 and answer.json()["code"] == "key_needed"


def test_a_body_that_is_no_json_by_its_own_word(sender) -> None:
    assert sender.push(entry(), **{"Content-Type": "text/csv"}).json()["code"] == "not_json"
    assert sender.push(entry(), **{"Content-Encoding": "gzip"}).json()["code"] == "encoded"
    assert sender.push(entry(), **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200


def test_a_body_may_be_sixteen_megabytes(sender) -> None:
    room = 16 * 2**20 - len('{"readings": []}')
    assert sender.send('{"readings": [' + " " * room + "]}").json()["code"] == "no_readings"
    too_large = ['{"readings": [', " " * (room + 1), "]}"]
    for body in ("".join(too_large), (piece.encode() for piece in too_large)):
        answer = sender.send(body)
        assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"


def test_who_may_push(session, sender, make_client) -> None:
    def status(**headers: str) -> tuple[int, str, str]:
        answer = sender.client.post(URL, content=b"\0" * 2**21, headers={"Idempotency-Key": "k", **headers})
        return answer.status_code, answer.json()["code"], answer.headers.get("www-authenticate", "")

    assert status() == (401, "token_needed", 'Bearer realm="utility-crm"')
    assert status(Authorization="Basic YTpi")[:2] == (401, "token_needed")
    code = status(Authorization="Bearer ucrm_nobody")
    assert code == (401, "token_unknown", 'Bearer realm="utility-crm", error="invalid_token"')
    make_token(session, "old", ["readings:write"], utc_now() - timedelta(days=9), days=1)
    revoked = make_token(session, "gone", ["readings:write"], utc_now())
    revoke_token(session, "gone", utc_now())
    assert status(Authorization=f"Bearer {revoked.token}")[0] == 401
    other = make_token(session, "reader", ["readings:write"], utc_now())
    session.execute(text("update api_tokens set scopes = '{readings:read}' where name = 'reader'"))
    assert status(Authorization=f"Bearer {other.token}")[:2] == (403, "scope_missing")
    signed_in = make_client("admin")
    assert signed_in.post(URL, content=b"{}").status_code == 401  # a cookie opens nothing here
    assert session.scalar(text("select count(*) from feeds")) == 0


def test_guessing_tokens_comes_to_rest(sender) -> None:
    wrong = {"Authorization": "Bearer ucrm_aaaaaabbbb"}
    assert [sender.client.post(URL, headers=wrong).status_code for _ in range(6)] == [401] * 5 + [429]
    rests = sender.client.post(URL, headers=wrong)
    assert 0 < int(rests.headers["retry-after"]) <= 900
    assert sender.push(entry()).status_code == 200  # five of one beginning are no reason to stop the others
    for number in range(50):
        sender.client.post(URL, headers={"Authorization": f"Bearer ucrm_{number:06}"})
    assert sender.push(entry(), key="b").status_code == 429


DOOR = "select pg_advisory_xact_lock(7302001)"  # of whoever writes readings


@pytest.mark.parametrize("body", [json.dumps({"readings": [entry()]}), "{}"])
def test_who_waits_too_long_for_others_is_to_come_again(
    session, engine: Engine, sender, monkeypatch, body
) -> None:
    monkeypatch.setattr("meters.pushing.api.LOCK_SECONDS", 0.05)
    with engine.connect() as other:
        other.execute(text(DOOR))
        answer = sender.send(body)
    assert answer.status_code == 503 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "busy" and int(answer.headers["retry-after"]) > 0
    assert session.scalar(text("select count(*) from feeds")) == 0
    assert sender.push(entry()).status_code == 200  # the key is free, and nobody in the way


def test_who_waits_for_the_same_key_is_to_come_again(session, engine: Engine, sender, monkeypatch) -> None:
    monkeypatch.setattr("meters.pushing.api.LOCK_SECONDS", 0.05)
    token_id = session.scalar(text("select max(id) from api_tokens"))
    with engine.connect() as other:
        key = "select pg_advisory_xact_lock(hashtextextended('k1', :token))"
        other.execute(text(key), {"token": token_id})
        assert sender.push(entry()).json()["code"] == "busy"
    assert sender.push(entry()).json()["status"] == "ok"


def test_a_number_without_end_is_a_fault_of_the_batch(sender) -> None:
    stamp = '{"service_point": "SP1", "starts_at": "2026-11-19T00:00:00Z", "interval_minutes": 60, "value": '
    for number in ("9" * 1_000_001, json.dumps("x" * 1_000_001)):
        answer = sender.send('{"readings": [' + stamp + number + "}]}", key=number[:3])
        (problem,) = answer.json()["problems"]
        assert (answer.status_code, problem["code"]) == (422, "not_a_number")
        assert len(answer.content) < 1000


letters = st.text(max_size=4)
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([0, 0.5, 1440, 30, 10**30, -1]))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, letters),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(letters, inner, max_size=3)),
    max_leaves=8,
)
stamps = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "+00:00"),
    st.sampled_from(["2026-11-19T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-W01", "24:00"]),
)
odd_fields = st.dictionaries(st.sampled_from([*FIELDS, "more"]), anything, max_size=5)
sane_fields = st.fixed_dictionaries(
    {
        "service_point": st.one_of(letters, st.just("SP1")),
        "starts_at": stamps,
        "interval_minutes": st.sampled_from([1, 5, 30, 60, 720, 1440]),
        "values": st.lists(st.one_of(st.none(), numbers, letters), max_size=5),
    }
)
entries = st.tuples(sane_fields, odd_fields).map(lambda both: both[0] | both[1])
bodies = st.one_of(
    st.binary(max_size=60),
    anything.map(lambda value: json.dumps(value).encode()),
    st.lists(entries, max_size=4).map(lambda all_of: json.dumps({"readings": all_of}).encode()),
    st.lists(entries, max_size=2).flatmap(
        lambda all_of: st.tuples(st.just(json.dumps({"readings": all_of})), st.integers(0, 200), letters).map(
            lambda cut: (cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]).encode("utf-8", "surrogatepass")
        )
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(bodies, st.integers())
def test_whatever_is_sent_is_answered_and_never_with_an_error_of_ours(session, sender, body, number) -> None:
    answer = sender.send(body, key=f"fuzz {number}")
    assert answer.status_code in (200, 207, 409, 422), answer.text
    said = answer.json()
    assert ("problems" in said) != ("code" in said)
    if answer.status_code == 200:
        assert said["problems"] == [] and said["status"] in ("ok", "unchanged")
    else:
        assert said.get("problems") or said["code"]
