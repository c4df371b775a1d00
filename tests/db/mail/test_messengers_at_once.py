"""Two messages of one sender, told at the same moment by two calls, are one conversation."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.conftest import NOW
from utility_crm.mail.api import one_at_a_time, take_messenger
from utility_crm.mail.messengers import Message
from utility_crm.tickets.tables import Ticket, TicketMessage


def test_the_second_waits_for_the_first_and_goes_on_with_its_ticket(fresh_database_url: str) -> None:
    engine = create_engine(fresh_database_url)
    first, second = (
        Message(name=name, sender="ann.hill", sender_name="Ann Hill", text=words, at=NOW)
        for name, words in (("m-1", "Hello"), ("m-2", "My meter is broken"))
    )
    with Session(engine) as here, Session(engine) as there:
        one_at_a_time(here, "generic", [first])
        assert take_messenger(here, "generic", first, NOW)
        there.execute(text("set local lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            one_at_a_time(there, "generic", [second])
        there.rollback()
        here.commit()
        one_at_a_time(there, "generic", [second])
        assert take_messenger(there, "generic", second, NOW)
        there.commit()
        counts = [there.scalar(select(func.count()).select_from(one)) for one in (Ticket, TicketMessage)]
    engine.dispose()
    assert counts == [1, 2]
