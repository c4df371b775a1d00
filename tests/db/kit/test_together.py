"""What the rooms of the customer page want, in one statement; what is left where one of them is broken."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from utility_crm.kit.clock import utc_now
from utility_crm.kit.gathering import Gather, listed_kinds
from utility_crm.kit.parts import CustomerCall, CustomerRoom
from utility_crm.kit.together import together

ONE = Gather(
    (listed_kinds("select cast(:customer as int) + 1", int),), lambda call: {"customer": call.customer_id}
)
DAYS = Gather(
    (listed_kinds("select cast(:customer as int)", int), listed_kinds("select 'a' where false", str)),
    lambda call: {"customer": call.customer_id},
)
BROKEN = Gather((listed_kinds("select 1 / (cast(:customer as int) - 5)", int),), lambda call: {"customer": 5})
UNLIKE = Gather((listed_kinds("select cast(:customer as int)", int),), lambda _call: {"customer": 77})


def call_of(session: Session, *gathers: Gather, whole: bool = True) -> CustomerCall:
    rooms = [CustomerRoom(gathers=(one,)) for one in gathers]
    return CustomerCall(session, 5, utc_now(), utc_now().date(), rooms=rooms, whole=whole)


@pytest.fixture
def asked(session: Session) -> list[str]:
    found: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda _c, _k, sql, *_rest: found.append(sql))
    return found


def test_a_whole_page_asks_once(session: Session, asked: list[str]) -> None:
    call = call_of(session, ONE, DAYS)
    assert together(call, DAYS) == [[[5]], []]
    assert together(call, ONE) == [[[6]]]
    assert len([sql for sql in asked if sql.startswith("select")]) == 1


def test_a_part_asks_for_itself_alone(session: Session, asked: list[str]) -> None:
    assert together(call_of(session, ONE, BROKEN, whole=False), ONE) == [[[6]]]
    assert len([sql for sql in asked if sql.startswith("select")]) == 1


def test_where_one_is_broken_the_others_are_there(session: Session) -> None:
    call = call_of(session, ONE, BROKEN)
    assert together(call, ONE) == [[[6]]]
    with pytest.raises(DBAPIError):
        together(call, BROKEN)


def test_two_rooms_may_not_mean_different_things_by_one_name(session: Session) -> None:
    with pytest.raises(ValueError, match="customer"):
        together(call_of(session, ONE, UNLIKE), ONE)
