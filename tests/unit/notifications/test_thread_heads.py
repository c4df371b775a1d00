"""The heads of a letter in its thread: whole names, one line each, and who wrote it."""

from __future__ import annotations

from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from notifications.channels import File, Letter, Thread, Undeliverable
from notifications.channels.smtp import Server, Smtp
from notifications.channels.thread import thread_in

LONG = f"<{'A' * 60}.{'b' * 60}@am0pr04mb1234567890.eurprd04.prod.outlook.com>"
SERVER = Server("127.0.0.1", 25, "care@utility.example", "Northmoor Energy")


def as_sent(thread: Thread, **given: object) -> EmailMessage:
    """The letter as its reader's program takes it apart."""
    letter = Letter("<own@utility.example>", "ann@home.example", "Re: My bill", "Well.", "<p>Well.</p>")
    made = Smtp(SERVER)._message(replace(letter, thread=thread, **given))
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(made.as_bytes())


def test_names_longer_than_a_line_are_written_whole() -> None:
    sent = as_sent(Thread(answers=("<1@home.example>", LONG)))
    assert sent["In-Reply-To"] == LONG
    assert sent["References"].split() == ["<1@home.example>", LONG]
    raw = Smtp(SERVER)._message(Letter("<o@u>", "a@b.example", "s", "t", "h", thread=Thread((LONG,))))
    assert b"=?utf-8?q?=3C" not in raw.as_bytes()


@pytest.mark.parametrize(
    ("written_by", "submitted"),
    [("person", None), ("receipt", "auto-replied"), ("machine", "auto-generated")],
)
def test_machines_are_told_who_wrote(written_by: str, submitted: str | None) -> None:
    sent = as_sent(thread_in({"thread": {"written_by": written_by}}))
    assert sent["Auto-Submitted"] == submitted
    assert sent["X-Utility-CRM"] == written_by


def test_a_notice_without_a_thread_is_a_machines() -> None:
    assert thread_in({"bill": "F-1"}) == Thread()
    assert as_sent(Thread())["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("name", ["<a@b>\r\nBcc: eve@far.example", "<a b@c>", "a@b", "<>", "<\u0430@b>"])
def test_a_name_that_is_none_is_left_out(name: str) -> None:
    assert thread_in({"thread": {"answers": [name, "<1@home.example>"]}}).answers == ("<1@home.example>",)


def test_an_address_of_two_lines_makes_no_letter() -> None:
    with pytest.raises(Undeliverable):
        as_sent(Thread(reply_to="care@utility.example\r\nBcc: eve@far.example"))


def test_files_keep_their_names_and_bytes() -> None:
    files = (File("Счёт.pdf", "application/pdf", b"%PDF-1.4"), File("a\u2028b.txt", "text/plain", b"hello"))
    first, second = as_sent(Thread(), files=files).iter_attachments()
    assert (first.get_filename(), first.get_content()) == ("Счёт.pdf", b"%PDF-1.4")
    assert second.get_payload(decode=True) == b"hello"
