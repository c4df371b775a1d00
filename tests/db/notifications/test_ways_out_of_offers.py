"""Marketing letters carry their way out (RFC 8058); others do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from notifications.channels import Letter, TryAgain
from notifications.channels.smtp import Server, Smtp
from notifications.consents.tokens import Leaving, leaving_in
from notifications.delivery.letter import letter
from notifications.outbox.going_on import Claimed
from notifications.writing import Sender
from utility_crm.kit.settings import settings

KEY = "a key of the tests"
SERVER = Server("127.0.0.1", 25, "care@utility.example", "Northmoor Energy")


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", KEY)
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.example")
    settings.cache_clear()
    yield
    settings.cache_clear()


def claimed(purpose: str, channel: str = "email") -> Claimed:
    return Claimed(
        id=42, key="k", message_id="<m@utility.example>", notice="payment_reminder", customer_id=7,
        account_id=None, purpose=purpose, channel=channel, channels=(channel,), name="Ann",
        address="ann@example.org", language="en", timezone="Europe/London",
        context={"account": "A1", "bill": "F-1", "amount_minor": 100, "currency": "GBP",
                 "due_on": "2026-11-06"},
        attempts=0, lease_until=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip


def as_mail(one: Letter) -> EmailMessage:
    return Smtp(SERVER)._message(one)


def test_an_offer_carries_both_headers_and_the_address_in_words() -> None:
    mail = as_mail(letter(claimed("marketing"), Sender("Northmoor")))
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://care.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leaving_in(KEY, address.rpartition("/")[2]) == Leaving(7, "email", 42)
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    assert len(parts) == 2 and all(address in part.replace("=\n", "") for part in parts)
    again = as_mail(letter(claimed("marketing"), Sender("Northmoor")))
    assert again["List-Unsubscribe"] == mail["List-Unsubscribe"]


@pytest.mark.parametrize(("purpose", "channel"), [("service", "email"), ("marketing", "sms")])
def test_nothing_else_does(purpose: str, channel: str) -> None:
    assert letter(claimed(purpose, channel), Sender("Northmoor")).unsubscribe == ""
    assert "List-Unsubscribe" not in as_mail(letter(claimed("service"), Sender("Northmoor")))


def test_without_a_public_address_no_offer_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UTILITY_CRM_PUBLIC_URL")
    monkeypatch.setenv("UTILITY_CRM_MAIL_TO", "smtp")
    settings.cache_clear()
    with pytest.raises(TryAgain, match="public_url"):
        letter(claimed("marketing"), Sender("Northmoor"))
    assert letter(claimed("service"), Sender("Northmoor")).text
