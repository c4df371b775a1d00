"""Tickets by machines: opened once a key, read without notes, written on."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.conftest import NOW
from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from utility_crm.auth.tokens import PERSONAL, make_token
from utility_crm.cli import build
from utility_crm.knowledge.module import MODULE as KNOWLEDGE
from utility_crm.tickets.actions import add_note, merge
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.module import MODULE
from utility_crm.tickets.tables import Ticket

ROOMS = [KNOWLEDGE, MODULE]
PATH = "/api/v1/tickets"


@pytest.fixture
def machine(make_client: MakeClient, care: Care) -> TestClient:
    token = make_token(care.session, "portal", ["tickets:read", "tickets:write"], NOW)
    client = make_client(None, installed=ROOMS)
    client.headers["Authorization"] = f"Bearer {token.token}"
    return client


def test_a_ticket_is_opened_once_a_key_and_read_back(machine: TestClient, care: Care) -> None:
    told = {
        "subject": "No power",
        "text": "Since noon",
        "kind": "outage",
        "account": "A1",
        "tags": ["Street"],
    }
    answers = [machine.post(PATH, json=told, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201] and answers[0].json() == answers[1].json()
    assert len(care.session.scalars(select(Ticket.id)).all()) == 1
    opened = answers[0].json()
    assert (opened["customer"], opened["status"], opened["tags"]) == ("C1", "new", ["street"])
    ticket = id_of(opened["number"])
    assert ticket is not None
    add_note(care.session, ticket, text="between us", now=NOW, by=care.priya)
    word = {"text": "It is back", "external_id": "m1"}
    for key in ("k2", "k3"):  # another key, the same message: once
        landed = machine.post(
            f"{PATH}/{opened['number']}/messages", json=word, headers={"Idempotency-Key": key}
        )
        assert landed.status_code == 201 and landed.json()["ticket"] == opened["number"]
    read = machine.get(f"{PATH}/{opened['number'].lower()}").json()
    assert [one["text"] for one in read["messages"]] == ["Since noon", "It is back"]
    other = care.open()
    merge(care.session, ticket, other, now=NOW)
    late = machine.post(
        f"{PATH}/{opened['number']}/messages", json={"text": "x"}, headers={"Idempotency-Key": "k4"}
    )
    assert late.json()["ticket"] == number_of(other)
    assert machine.get(f"{PATH}/{opened['number']}").json()["merged_into"] == number_of(other)


def test_two_systems_may_give_the_same_name_and_neither_reads_the_others(
    machine: TestClient, make_client: MakeClient, care: Care
) -> None:
    told = {"subject": "Confidential", "text": "My new address", "customer": "C1", "external_id": "1"}
    first = machine.post(PATH, json=told, headers={"Idempotency-Key": "k1"}).json()
    writes = make_token(care.session, "another", ["tickets:write"], NOW).token
    other = make_client(None, installed=ROOMS)
    other.headers["Authorization"] = f"Bearer {writes}"
    probe = {"subject": "x", "text": "y", "external_id": "1"}
    answered = other.post(PATH, json=probe, headers={"Idempotency-Key": "k1"}).json()
    assert answered["number"] != first["number"] and "My new address" not in str(answered)
    word = {"text": "mine", "external_id": "1"}
    landed = other.post(
        f"{PATH}/{answered['number']}/messages",
        json=word | {"external_id": "m"},
        headers={"Idempotency-Key": "k2"},
    )
    again = machine.post(
        f"{PATH}/{first['number']}/messages",
        json=word | {"external_id": "m"},
        headers={"Idempotency-Key": "k2"},
    )
    assert landed.json()["message"] != again.json()["message"]
    same = machine.post(PATH, json=told, headers={"Idempotency-Key": "k3"}).json()
    assert same["number"] == first["number"], "of one system the same name is the same ticket"


@pytest.mark.parametrize("customer", ["C1", None])
def test_a_machine_without_personal_data_reads_what_was_written_covered(
    machine: TestClient, care: Care, customer: str | None
) -> None:
    """Also what it wrote itself, and what a person has not placed yet; files are given to no machine."""
    reach = ("m.ashdown@mail.example", "07700 900418", "KB4 2TN", "E18-412345", "GB29 NWBK 6016 1331 9268 19")
    told = {
        "subject": f"Write to {reach[0]}", "text": f"Or ring {reach[1]}: {', '.join(reach[2:])}.",
        "sender": reach[0], "tags": ["street", reach[0]],
    } | ({"customer": customer} if customer else {})  # fmt: skip
    opened = machine.post(PATH, json=told, headers={"Idempotency-Key": "k1"}).json()
    number = opened["number"]
    ticket = id_of(number)
    assert ticket is not None
    add_note(care.session, ticket, text="see it", now=NOW, by=care.priya)
    covered = machine.get(f"{PATH}/{number}").json()
    assert covered == opened and covered["customer"] == customer
    assert [one for one in reach if one in json.dumps(covered)] == []
    (message,) = covered["messages"]
    assert (covered["subject"], message["sender"], covered["tags"][0]) == ("Write to •••", "•••", "street")
    assert message["text"].startswith("Or ring •••: •••")
    whole = make_token(care.session, "portal of theirs", ["tickets:read", PERSONAL], NOW).token
    machine.headers["Authorization"] = f"Bearer {whole}"
    seen = json.dumps(machine.get(f"{PATH}/{number}").json())
    assert [one for one in reach if one not in seen] == []
    assert "files" not in seen and machine.get(f"/tickets/{number}/files/1").status_code in (303, 401)


def test_what_machines_may_not(machine: TestClient, make_client: MakeClient, care: Care) -> None:
    def sent(told: object, key: str = "x") -> int:
        return machine.post(PATH, json=told, headers={"Idempotency-Key": key}).status_code

    good = {"subject": "s", "text": "t"}
    for wrong in (
        {}, {"subject": "s"}, good | {"kind": "x"}, good | {"customer": "C9"}, good | {"nope": "1"}, [],
        good | {"tags": "x"}, good | {"account": "A1", "customer": "C2"}, good | {"text": 5},
    ):  # fmt: skip
        assert sent(wrong) == 422, wrong
    assert machine.post(PATH, json=good).status_code == 422  # no key
    assert machine.get(f"{PATH}/T-99999").status_code == 404
    assert machine.get(f"{PATH}/hello").status_code == 404
    reads = make_token(care.session, "reader", ["tickets:read"], NOW).token
    machine.headers["Authorization"] = f"Bearer {reads}"
    assert sent(good, "y") == 403
    assert make_client(None, installed=ROOMS).get(f"{PATH}/T-10001").status_code == 401


def test_the_command_line_lists_them(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    from utility_crm.kit.settings import settings

    settings.cache_clear()
    app = build("tickets")
    listed = CliRunner().invoke(app, ["tickets", "list", "--json"])
    assert listed.exit_code == 0 and json.loads(listed.stdout) == {"all": 0, "tickets": []}
    wrong = CliRunner().invoke(app, ["tickets", "list", "--status", "lost", "--json"])
    assert wrong.exit_code == 1 and json.loads(wrong.stdout)["error"]["where"] == "status"
    gone = CliRunner().invoke(app, ["tickets", "show", "T-99999", "--json"])
    assert gone.exit_code == 1 and json.loads(gone.stdout)["error"]["code"] == "no_such_ticket"
