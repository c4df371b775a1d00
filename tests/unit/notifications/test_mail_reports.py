"""Mail about mail: reports as RFC 3464 and RFC 5965 write them, and what is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.mail_reports import NoReport, Report, read_report
from tests.worlds.bounced_mail import LETTER, answer, complaint, delivery_report


@pytest.mark.parametrize(
    ("action", "status", "became"),
    [
        ("failed", "5.1.1", "hard"),
        ("failed", "5.0.0 (undefined)", "hard"),
        ("failed", "5.2.1", "hard"),
        ("failed", "5.4.4", "hard"),
        ("failed", "4.4.7", "soft"),
        ("failed", "5.2.2", "soft"),  # the mailbox is full
        ("failed", "5.3.4", "soft"),  # too big for their system
        ("failed", "5.7.1", "soft"),  # their rule against our server
        ("delayed", "4.2.2", "delayed"),
        ("delivered", "2.1.5", "delivered"),
    ],
)
def test_a_report_says_what_became_of_our_letter(action: str, status: str, became: str) -> None:
    found = read_report(delivery_report(action, status))
    assert isinstance(found, list)
    assert [(one.became, one.message_id) for one in found] == [(became, LETTER)]
    assert found[0].detail.endswith("550 5.1.1 no such user") and found[0].at is not None


@pytest.mark.parametrize("headers_only", [True, False])
def test_the_letter_may_come_back_whole_or_as_its_headers(headers_only: bool) -> None:
    found = read_report(delivery_report("failed", "5.1.1", headers_only=headers_only))
    assert isinstance(found, list) and found[0].message_id == LETTER


def test_a_report_read_again_is_the_same_event_and_another_is_not() -> None:
    def event(raw: bytes) -> str:
        found = read_report(raw)
        assert isinstance(found, list)
        return found[0].event

    one = delivery_report("failed", "5.1.1")
    assert event(one) == event(one.replace(b"Date: ", b"X-Seen: again\r\nDate: "))
    assert event(one) != event(delivery_report("failed", "5.1.1", named="<another@mx.example>"))


def test_a_complaint_is_one() -> None:
    found = read_report(complaint())
    assert isinstance(found, list)
    assert [(one.became, one.message_id) for one in found] == [("complained", LETTER)]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (answer("auto-replied"), "reply"),
        (answer("auto-generated (vacation)"), "reply"),
        (answer(None), "person"),
        (answer("no"), "person"),
        (delivery_report("failed", "5.1.1", letter=""), "unreadable"),
        (delivery_report("failed", "odd"), "unreadable"),
        (delivery_report("relayed", "2.0.0"), "unreadable"),
        (b"", "person"),
    ],
)
def test_what_is_no_report_closes_nothing(raw: bytes, kind: str) -> None:
    found = read_report(raw)
    assert isinstance(found, NoReport) and found.kind == kind


_MAKERS: list[Callable[[], bytes]] = [lambda: delivery_report("failed", "5.1.1"), complaint]


@given(st.sampled_from(_MAKERS), st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=4)), max_size=8))
def test_a_bent_report_is_read_or_put_aside(
    make: Callable[[], bytes], bends: list[tuple[int, bytes]]
) -> None:
    raw = make()
    for place, put in bends:
        raw = raw[:place] + put + raw[place + len(put) :]
    found = read_report(raw)
    assert isinstance(found, NoReport) or all(isinstance(one, Report) for one in found)
