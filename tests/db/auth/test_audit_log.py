"""The audit log stays as it was written; two functions alone may shorten it, and say so in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from utility_crm.auth.tables import AuditRow, Team, TeamMember, User

LONG_AGO = datetime(2019, 3, 4, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


def put(session: Session, **given: object) -> int:
    row = AuditRow(**({"at": LONG_AGO, "kind": "view", "what": "GET /customers/{customer_id}"} | given))
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set user_id = 2",
        "delete from audit_log",
        "truncate audit_log",
        "with gone as (delete from audit_log returning 1) select count(*) from gone",
    ],
)
@pytest.mark.parametrize("replica", [False, True])
def test_nobody_changes_what_was_written(session, statement, replica) -> None:
    put(session, user_id=1, customer_id=7)
    if replica:  # triggers of this role do not fire unless they always do
        session.execute(text("set local session_replication_role = replica"))
    with pytest.raises(ProgrammingError, match="stays as it was written"), session.begin_nested():
        session.execute(text(statement))
    assert session.scalar(select(AuditRow.user_id)) == 1


def test_retention_forgets_what_is_old_and_says_so(session) -> None:
    put(session)
    kept = put(session, at=LONG_AGO + timedelta(days=1))
    forget = text("select forget_audit_before(:cut, :now)")
    assert session.scalar(forget, {"cut": LONG_AGO + timedelta(hours=1), "now": NOW}) == 1
    rows = session.execute(select(AuditRow.id, AuditRow.kind, AuditRow.after).order_by(AuditRow.at)).all()
    assert rows[0].id == kept
    assert rows[1].kind == "kept" and rows[1].after["rows"] == 1
    assert session.scalar(forget, {"cut": LONG_AGO, "now": NOW}) == 0


def test_the_last_quarter_of_a_year_is_never_forgotten(session) -> None:
    with pytest.raises(ProgrammingError, match="last 90 days"), session.begin_nested():
        session.execute(
            text("select forget_audit_before(clock_timestamp() - interval '89 days', :now)"), {"now": NOW}
        )


def test_a_person_who_is_erased_leaves_no_values(session) -> None:
    told = {"email": "m.ashdown@mail.example"}
    put(session, kind="detail", what="contact point", user_id=3, customer_id=7, before=told)
    put(session, kind="detail", what="contact point", user_id=3, customer_id=8, before=told)
    put(session, customer_id=7, subject="7")
    assert session.scalar(text("select blank_audit_of(7, :now)"), {"now": NOW}) == 1
    rows = session.execute(select(AuditRow.customer_id, AuditRow.user_id, AuditRow.before, AuditRow.kind))
    assert sorted(rows.all(), key=str) == sorted(
        [(7, 3, None, "detail"), (8, 3, told, "detail"), (7, None, None, "view"), (7, None, None, "kept")],
        key=str,
    )


def test_people_have_teams_skills_and_a_telephone(session) -> None:
    priya = User(
        login="priya", name="Priya Nair", role="supervisor", password_hash="nobody's", skills=["meter"],
        languages=["en", "ru"], extension="204", area_ids=[1, 2],
    )  # fmt: skip
    team = Team(name="Meters")
    session.add_all([priya, team])
    session.flush()
    session.add(TeamMember(team_id=team.id, user_id=priya.id))
    session.flush()
    session.expire_all()
    assert session.execute(select(User.area_ids, User.extension)).one() == ([1, 2], "204")
    assert session.scalar(select(TeamMember.leads)) is False
