"""A draft is kept, found again, never overwritten unseen, and gone once its form is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.conftest import NOW
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid
from utility_crm.live.drafts import KEPT, LONGEST_TEXT, drafts_of, drafts_sent, forget_drafts, keep_draft

KEY = "customer-12-log"


@pytest.fixture
def user(session: Session) -> int:
    return a_user(session, "priya")


def a_user(session: Session, login: str) -> int:
    row = User(login=login, name=login, role="agent", password_hash="-")
    session.add(row)
    session.flush()
    return row.id


def kept(session: Session, user: int) -> str:
    found = drafts_of(session, user, [KEY])
    return found[KEY].text if KEY in found else ""


def test_a_page_goes_on_with_its_own_draft(session: Session, user: int) -> None:
    first = keep_draft(session, user, KEY, "She asks", version=0, now=NOW)
    second = keep_draft(session, user, KEY, "She asks why", version=first.version, now=NOW)
    assert not second.theirs and second.version > first.version
    assert kept(session, user) == "She asks why"
    assert not drafts_of(session, a_user(session, "tom"), [KEY])


def test_who_has_not_seen_the_other_text_does_not_overwrite_it(session: Session, user: int) -> None:
    mine = keep_draft(session, user, KEY, "of one page", version=0, now=NOW)
    other = keep_draft(session, user, KEY, "of another page", version=0, now=NOW)
    assert other.theirs and (other.text, other.version) == ("of one page", mine.version)
    seen = keep_draft(session, user, KEY, "of another page", version=other.version, now=NOW)
    assert not seen.theirs
    assert kept(session, user) == "of another page"


def test_a_sent_draft_is_gone_and_what_was_on_its_way_does_not_bring_it_back(
    session: Session, user: int
) -> None:
    one = keep_draft(session, user, KEY, "She asks", version=0, now=NOW)
    drafts_sent(session, user, [f"{KEY}@{one.version}"], ["She asks why"], NOW)
    late = keep_draft(session, user, KEY, "She asks wh", version=one.version, now=NOW)
    assert late.theirs and late.text == ""
    assert kept(session, user) == ""
    again = keep_draft(session, user, KEY, "Another call", version=late.version, now=NOW)
    assert not again.theirs


def test_a_form_that_was_faster_than_its_first_draft(session: Session, user: int) -> None:
    drafts_sent(session, user, [f"{KEY}@0"], ["quick"], NOW)
    assert keep_draft(session, user, KEY, "quick", version=0, now=NOW).theirs
    assert kept(session, user) == ""


def test_what_another_page_wrote_since_stays_when_a_form_is_sent(session: Session, user: int) -> None:
    one = keep_draft(session, user, KEY, "short", version=0, now=NOW)
    keep_draft(session, user, KEY, "short, and more elsewhere", version=one.version, now=NOW)
    drafts_sent(session, user, [f"{KEY}@{one.version}"], ["short"], NOW)
    assert kept(session, user) == "short, and more elsewhere"
    drafts_sent(session, user, [f"{KEY}@{one.version}"], ["short, and more elsewhere"], NOW)
    assert kept(session, user) == ""


def test_line_breaks_are_one_sign_however_they_are_sent(session: Session, user: int) -> None:
    one = keep_draft(session, user, KEY, "a\nb", version=0, now=NOW)
    two = keep_draft(session, user, KEY, "a\nb\nc", version=one.version, now=NOW)
    drafts_sent(session, user, [f"{KEY}@{one.version}"], ["a\r\nb\r\nc"], NOW)
    assert kept(session, user) == "" and two.version > one.version


@given(st.lists(st.sampled_from(["", "@", "x", f"{KEY}@", f"{KEY}@-1", f"{KEY}@{'9' * 40}", "@7"])))
def test_what_names_no_draft_is_passed_over(sent: list[str]) -> None:
    calls: list[object] = []

    class Listening:
        def execute(self, *args: object) -> None:
            calls.append(args[1])

    drafts_sent(Listening(), 1, sent, [], NOW)  # type: ignore[arg-type]
    assert len(calls) == len({one for one in sent if one.endswith("9")})


def test_too_long_and_forgotten(session: Session, user: int, engine: Engine) -> None:
    with pytest.raises(Invalid):
        keep_draft(session, user, KEY, "x" * (LONGEST_TEXT + 1), version=0, now=NOW)
    with pytest.raises(Invalid):
        keep_draft(session, user, "", "x", version=0, now=NOW)
    keep_draft(session, user, KEY, "old", version=0, now=NOW - KEPT - timedelta(days=1))
    keep_draft(session, user, "other", "new", version=0, now=NOW)
    forget_drafts(session, NOW)
    assert set(drafts_of(session, user, [KEY, "other"])) == {"other"}
