"""Tokens of machines: shown once, valid for a time, withdrawn at once; answers kept under a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from utility_crm.auth.actions import add_user
from utility_crm.auth.staff import change_person, staff_rows
from utility_crm.auth.tokens import (
    Bearer,
    bearer_of,
    make_token,
    revoke_token,
    revoke_tokens_beyond,
    token_rows,
)
from utility_crm.auth.tokens_answers import Answer, answered_before, forget_answers, keep_answer
from utility_crm.commands.tokens import app
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.settings import settings

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
WRITE = ["readings:write"]


def test_a_token_is_known_by_its_digest_alone(session) -> None:
    made = make_token(session, " head-end ", WRITE, NOW)
    assert bearer_of(session, made.token, NOW) == Bearer(made.id, "head-end", ("readings:write",))
    assert made.token.startswith("ucrm_") and len(made.token) == 48
    kept = dict(session.execute(text("select * from api_tokens")).mappings().one())
    assert kept["sha256"] == sha256(made.token.encode()).hexdigest()
    assert made.token not in str(kept) and made.token.startswith(kept["prefix"])
    assert make_token(session, "other", WRITE, NOW).token != made.token


@pytest.mark.parametrize("wrong", ["", "ucrm_", "x" * 500, "ü\udcff"])
def test_no_other_token_is_known(session, wrong) -> None:
    made = make_token(session, "head-end", WRITE, NOW)
    assert bearer_of(session, wrong, NOW) is None
    assert bearer_of(session, made.token[:-1], NOW) is None
    assert bearer_of(session, made.token.swapcase(), NOW) is None


def test_a_token_ends_when_it_expires_or_is_revoked(session) -> None:
    made = make_token(session, "head-end", WRITE, NOW, days=1)
    last = NOW + timedelta(days=1)
    assert bearer_of(session, made.token, last - timedelta(seconds=1)) and not bearer_of(
        session, made.token, last
    )
    revoke_token(session, "head-end", NOW)
    assert bearer_of(session, made.token, NOW) is None
    with pytest.raises(NotFound):
        revoke_token(session, "head-end", NOW)
    again = make_token(session, "head-end", WRITE, NOW)  # the name is free again
    assert [row.state(last) for row in token_rows(session)] == ["valid", "revoked"]
    assert again.expires_at is None


def test_when_it_was_used_is_noted_to_the_minute(session) -> None:
    made = make_token(session, "head-end", WRITE, NOW)
    for seconds in (0, 30, 90):
        bearer_of(session, made.token, NOW + timedelta(seconds=seconds))
    assert token_rows(session)[0].last_used_at == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("name", "scopes", "days", "error"),
    [
        ("", WRITE, None, Invalid),
        ("a\nb", WRITE, None, Invalid),
        ("x" * 201, WRITE, None, Invalid),
        ("x", [], None, Invalid),
        ("x", ["everything"], None, Invalid),
        ("x", WRITE, 0, Invalid),
        ("taken", WRITE, None, Conflict),
    ],
)
def test_tokens_that_cannot_be(session, name, scopes, days, error) -> None:
    make_token(session, "taken", WRITE, NOW)
    with pytest.raises(error):
        make_token(session, name, scopes, NOW, days=days)
    assert len(token_rows(session)) == 1


def test_an_answer_is_kept_for_its_key_token_and_body(session) -> None:
    one, other = (make_token(session, name, WRITE, NOW).id for name in "ab")
    assert answered_before(session, one, "k", "body") is None
    keep_answer(session, one, "k", "body", Answer(207, '{"b": 1, "a": 2}'), NOW)
    assert answered_before(session, one, "k", "body") == Answer(207, '{"b": 1, "a": 2}')
    assert answered_before(session, other, "k", "body") is None
    with pytest.raises(Conflict):
        answered_before(session, one, "k", "another body")


def test_keys_are_forgotten_after_a_while(session) -> None:
    one = make_token(session, "a", WRITE, NOW).id
    keep_answer(session, one, "old", "x", Answer(200, "{}"), NOW - timedelta(days=31))
    keep_answer(session, one, "new", "x", Answer(200, "{}"), NOW)
    assert forget_answers(session, NOW) == "1 answers forgotten"
    assert answered_before(session, one, "old", "y") is None and answered_before(session, one, "new", "x")


def test_the_command_line(fresh_database_url, monkeypatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()

    def run(*arguments: str):
        result = CliRunner().invoke(app, [*arguments, "--json"])
        return result.exit_code, json.loads(result.stdout) if result.exit_code < 2 else {}

    code, made = run("add", "head-end", "--scope", "readings:write", "--expires", "90")
    assert code == 0 and made["token"].startswith("ucrm_") and made["scopes"] == WRITE
    assert run("add", "head-end", "--scope", "readings:write")[1]["error"]["code"] == "token_taken"
    assert run("add", "x", "--scope", "all")[1]["error"]["code"] == "unknown_scope"
    assert run("add", "x")[0] == 2
    (row,) = run("list")[1]["tokens"]
    assert (row["name"], row["state"], row["last_used_at"]) == ("head-end", "valid", None)
    shown = CliRunner().invoke(app, ["list"]).stdout
    assert made["token"] not in shown and row["prefix"] in shown
    assert run("revoke", "head-end") == (0, {"name": "head-end", "state": "revoked"})
    assert run("revoke", "head-end")[0] == 1
    settings.cache_clear()


def test_who_is_demoted_while_they_make_a_token_has_none(fresh_database_url: str) -> None:
    """Whichever of the two comes first, the other one waits for it and sees what it did."""
    engine = make_engine(fresh_database_url)
    with Session(engine) as one, Session(engine) as other:
        boss, tom = (
            add_user(one, login=name, name=name, role="admin", password="seven small boats")
            for name in ("ines", "tom")
        )
        one.commit()

        def demote() -> None:
            seen = next(row.seen for row in staff_rows(one) if row.id == tom)
            change_person(one, tom, name="tom", role="agent", active=True, seen=seen, by=boss, now=NOW)

        def waits(act: Callable[[], object], session: Session) -> bool:
            session.execute(text("set local lock_timeout = '50ms'"))
            try:
                act()
            except OperationalError as error:
                return "lock timeout" in str(error)
            finally:
                session.rollback()
            return False

        demote()
        assert waits(lambda: make_token(other, "first", WRITE, NOW, created_by=tom), other)
        one.rollback()
        make_token(other, "second", WRITE, NOW, created_by=tom)
        assert waits(demote, one)
        other.commit()
        demote()
        assert revoke_tokens_beyond(one, tom, NOW) == ["second"]
        one.commit()
        with pytest.raises(Refused):
            make_token(other, "third", WRITE, NOW, created_by=tom)
    engine.dispose()
