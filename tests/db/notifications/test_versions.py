"""Other words for a notice: drafts that render, and four eyes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue
from notifications.tables import NoticeVersion
from notifications.types import notice_type
from notifications.versions.drafting import approve, draft_words, drop, said_now
from notifications.versions.in_force import FILES, words_in_force, words_of, words_until
from tests.db.notifications.conftest import reminder
from utility_crm.auth.tables import User
from utility_crm.kit.errors import CareError, Conflict, Invalid, NotFound, Refused

KIND = "payment_reminder"
FRIENDLY = "{{ amount }} is late, {{ name }}"


@pytest.fixture
def two(session: Session) -> tuple[int, int]:
    people = [User(login=name, name=name, role="ops", password_hash="-") for name in ("oona", "petr")]
    session.add_all(people)
    session.flush()
    return people[0].id, people[1].id


def draft(session: Session, by: int, now: datetime, words: str, part: str = "subject.txt") -> int:
    return draft_words(session, KIND, "en", part, words, by=by, now=now)


def test_a_draft_counts_only_once_somebody_else_approves_it(
    session: Session, two: tuple[int, int], now: datetime
) -> None:
    oona, petr = two
    made = draft(session, oona, now, FRIENDLY)
    assert words_in_force(session) == {}
    with pytest.raises(Refused) as refused:
        approve(session, made, by=oona, now=now)
    assert refused.value.code == "four_eyes"
    assert approve(session, made, by=petr, now=now) == 1
    found = words_in_force(session)
    assert words_of(found, KIND, "en", "letter").texts == {"subject.txt": FRIENDLY + "\n"}
    assert words_of(found, KIND, "ru", "email") == words_of(found, KIND, "en", "sms") == FILES
    with pytest.raises(Conflict):
        approve(session, made, by=petr, now=now)


def test_the_database_itself_asks_for_four_eyes(
    session: Session, two: tuple[int, int], now: datetime
) -> None:
    row = {
        "kind": KIND, "language": "en", "channel": "email", "part": "subject.txt", "text": "x", "number": 1,
        "state": "approved", "written_by": two[0], "written_at": now, "decided_at": now,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="four_eyes"), session.begin_nested():
        session.add(NoticeVersion(**row, decided_by=two[0]))
        session.flush()


def test_each_part_has_its_newest_words_and_old_versions_stay(
    session: Session, two: tuple[int, int], now: datetime
) -> None:
    oona, petr = two
    first = draft(session, oona, now, FRIENDLY)
    second = draft(session, oona, now, "Late: {{ amount }}")
    text = draft(session, petr, now, "Dear {{ name }},\n\nplease pay {{ amount }}.", "text.txt")
    for number, (version, by) in enumerate([(second, petr), (text, oona), (first, petr)], 1):
        assert approve(session, version, by=by, now=now) == number
    assert words_until(session, KIND, "en", "email").version == 3
    assert words_until(session, KIND, "en", "email").texts["subject.txt"] == FRIENDLY + "\n"
    assert words_until(session, KIND, "en", "email", 2).texts["subject.txt"] == "Late: {{ amount }}\n"
    assert words_until(session, KIND, "en", "email", 1).texts.keys() == {"subject.txt"}
    assert words_until(session, KIND, "en", "email", 0) == FILES
    assert words_until(session, KIND, "fi", "email").version == 3  # Finnish reads English


@pytest.mark.parametrize(
    ("part", "words", "said"),
    [
        ("subject.txt", "Hello {{ surname }}", "en/subject.txt, line 1.*'surname' is undefined"),
        ("text.txt", "Dear {{ name }},\n\n{% if owed %}", "en/text.txt, line 3.*"),
        ("text.txt", "Dear\n{{ amount + 1 }}", "en/text.txt, line 2.*"),
        ("text.txt", "{{ name.__class__.__mro__ }}", "en/text.txt.*unsafe"),
        ("text.txt", "{{ 'x' * 999999999 }}", "cannot reckon"),
        ("body.html", "{{ name|safe }}", "No filter named 'safe'"),
        ("body.html", "{% autoescape false %}{{ name }}{% endautoescape %}", "line 1.*escaped"),
        ("body.html", "{% include '/etc/passwd' %}", "passwd"),
        ("subject.txt", "One\nTwo", "line break"),
        ("subject.txt", " ", "Say something"),
        ("text.txt", "x" * 20_001, "Say something"),
    ],
)
def test_a_draft_that_does_not_render_is_refused_with_line_and_reason(
    session: Session, two: tuple[int, int], now: datetime, part: str, words: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        draft(session, two[0], now, words, part)
    assert session.query(NoticeVersion).count() == 0


def test_a_draft_is_tried_on_what_really_happened(
    session: Session, two: tuple[int, int], town: Any, now: datetime
) -> None:
    words = "{% if bill == 'F-9' %}{{ nothing_like_it }}{% endif %}Late"
    draft(session, two[0], now, words)  # nobody had such a bill
    queue(session, reminder(town.person(), "F-9"), now)
    with pytest.raises(Invalid, match="nothing_like_it"):
        draft(session, two[0], now, words + "!")


def test_what_is_said_already_and_what_is_no_part_is_refused(
    session: Session, two: tuple[int, int], now: datetime
) -> None:
    again = said_now(session, notice_type(KIND), "en", "subject.txt")
    refused: list[tuple[type[CareError], tuple[str, str, str, str]]] = [
        (Invalid, (KIND, "en", "subject.txt", again)),
        (NotFound, (KIND, "fi", "subject.txt", "x")),
        (NotFound, (KIND, "en", "../en/subject.txt", "x")),
        (NotFound, ("birthday", "en", "subject.txt", "x")),
    ]
    for error, (kind, language, part, words) in refused:
        with pytest.raises(error):
            draft_words(session, kind, language, part, words, by=two[0], now=now)


def test_a_draft_can_be_laid_aside(session: Session, two: tuple[int, int], now: datetime) -> None:
    made = draft(session, two[0], now, FRIENDLY)
    drop(session, made, by=two[0], now=now)
    with pytest.raises(Conflict):
        approve(session, made, by=two[1], now=now)
    with pytest.raises(NotFound):
        drop(session, made + 1, by=two[0], now=now)
    assert words_in_force(session) == {}
