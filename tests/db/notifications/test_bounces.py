"""A mailbox of bounces: hard ones close the address, soft ones do not; read again it changes nothing."""

from __future__ import annotations

import mailbox
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.receiving.bounces import letters_in, take_bounces
from tests.db.notifications.conftest import Town
from tests.db.notifications.test_receipts import sent
from tests.worlds.bounced_mail import answer, complaint, delivery_report


def letters(town: Town, session: Session, now: datetime) -> list[str]:
    """Three that went out by mail to people with telephones; their Message-IDs."""
    for number in (1, 2, 3):
        sent(town, session, now, phone=f"+44770090000{number}")
    return [str(row.message_id) for row in town.rows()]


def test_hard_and_soft_and_delayed(town: Town, session: Session, now: datetime, tmp_path: Path) -> None:
    hard, soft, late = letters(town, session, now)
    box = mailbox.mbox(tmp_path / "bounces.mbox")
    for raw in (
        delivery_report("failed", "5.1.1", letter=hard, named="<r1@mx>"),
        delivery_report("failed", "4.4.7", letter=soft, named="<r2@mx>"),
        delivery_report("delayed", "4.4.1", letter=late, named="<r3@mx>"),
        answer("auto-replied"),
    ):
        box.add(raw)
    box.close()
    for known in (0, 2):
        found = take_bounces(session, [tmp_path / "bounces.mbox"], now)
        assert (found.mails, found.replies, found.known) == (4, 1, known)
        assert found.became == {"hard": 1, "soft": 1, "delayed": 1}
    assert [(row.state, row.channel) for row in town.rows()] == [
        ("waiting", "sms"),
        ("waiting", "sms"),
        ("sent", "email"),
    ]
    closed = session.execute(text("select address, reason from suppressions")).all()
    assert [tuple(one) for one in closed] == [("person1@example.org", "bounced")]


def test_a_complaint_closes_the_address_and_the_notice_stays_sent(
    town: Town, session: Session, now: datetime, tmp_path: Path
) -> None:
    first, *_ = letters(town, session, now)
    (tmp_path / "one.eml").write_bytes(complaint(first))
    (tmp_path / "notes.txt").write_text("not a mail")
    assert take_bounces(session, [tmp_path], now).became == {"complained": 1}
    assert session.scalar(text("select reason from suppressions")) == "complained"
    assert (town.rows()[0].state, town.rows()[0].receipt) == ("sent", "complained")


def test_a_maildir_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    kept = mailbox.Maildir(tmp_path / "box")
    kept.add(answer(None))
    before = sorted(tmp_path.rglob("*"))
    assert [raw.endswith(b"I am away.\n") for _where, raw in letters_in(tmp_path / "box")] == [True]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("letter", ["", "<of@nobody>"])
def test_what_is_about_no_letter_of_ours_is_said(
    session: Session, now: datetime, tmp_path: Path, letter: str
) -> None:
    (tmp_path / "one.eml").write_bytes(delivery_report("failed", "5.1.1", letter=letter))
    found = take_bounces(session, [tmp_path / "one.eml"], now)
    assert (len(found.unread), found.of_no_notice) == ((0, 1) if letter else (1, 0))
    assert session.scalar(text("select count(*) from suppressions")) == 0
