"""Reading a real mailbox: what was there before us, numbers made anew, mail too large, and a server that is
away."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from free_ports import free_port
from imapclient import IMAPClient
from letters_in import letter
from mail_servers import PASSWORD, USER, Imap, imap_server
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import NOW
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings
from utility_crm.mail import fetching, mailbox
from utility_crm.mail.fetching import Stored, mark_stored, source_named, store_new
from utility_crm.mail.jobs import fetch_and_place
from utility_crm.mail.mailbox import Address, Mailbox, MailboxDown, NotGiven, opened
from utility_crm.mail.queries import arrival_figures
from utility_crm.mail.tables import Arrival, MailPlace, MailSource


@pytest.fixture(scope="module")
def imap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imap]:
    with imap_server(tmp_path_factory.mktemp("certificate")) as server:
        yield server


@pytest.fixture
def address(imap: Imap, request: pytest.FixtureRequest) -> Address:
    """A folder of the test's own."""
    folder = request.node.name[:60].partition("[")[0]
    with imap.client() as client:
        client.create_folder(folder)
    return Address("localhost", imap.port, USER, PASSWORD, folder, tls="starttls", ca_file=imap.ca_file)


def look(session: Session, address: Address, most: int = 50) -> tuple[int, Stored]:
    """Mark what is stored, store what is new."""
    source = source_named(session, address.name)
    assert source is not None
    with opened(address) as box:
        return mark_stored(session, source, box, NOW), store_new(session, source, box, NOW, most)


def arrivals(session: Session) -> list[str]:
    return [raw.decode().rsplit("\r\n\r\n", 1)[-1].strip() for raw in session.scalars(select(Arrival.raw))]


def test_what_somebody_had_read_before_us_is_none_of_ours(
    session: Session, imap: Imap, address: Address
) -> None:
    imap.arrives(letter("Old and read.", name="<1@a.example>"), address.folder)
    imap.arrives(letter("Old and not read.", name="<2@a.example>"), address.folder)
    with imap.client() as client:
        client.select_folder(address.folder)
        client.add_flags(client.search(["ALL"])[:1], [b"\\Seen"])
    assert look(session, address)[1] == Stored(new=1)
    imap.arrives(letter("New, and read by somebody else at once.", name="<3@a.example>"), address.folder)
    with imap.client() as client:
        client.select_folder(address.folder)
        client.add_flags(client.search(["ALL"]), [b"\\Seen"])
    assert look(session, address) == (1, Stored(new=1))
    assert len(arrivals(session)) == 2


def test_mail_is_marked_a_look_after_it_was_stored(session: Session, imap: Imap, address: Address) -> None:
    imap.arrives(letter(name="<1@b.example>"), address.folder)
    assert look(session, address) == (0, Stored(new=1))
    assert imap.unread(address.folder) == 1
    assert look(session, address) == (1, Stored())
    assert imap.unread(address.folder) == 0
    assert look(session, address) == (0, Stored())


def test_taken_mail_is_moved_where_there_is_a_folder_for_it(
    session: Session, imap: Imap, address: Address
) -> None:
    there = replace(address, done="Taken")
    imap.arrives(letter(name="<1@c.example>"), address.folder)
    look(session, there)
    look(session, there)
    assert (imap.all(address.folder), imap.all("Taken")) == (0, 1)


def test_numbers_made_anew_bring_nothing_twice_and_lose_nothing(
    session: Session, imap: Imap, address: Address
) -> None:
    imap.arrives(letter("First.", name="<1@d.example>"), address.folder)
    look(session, address)
    with imap.client() as client:
        client.delete_folder(address.folder)
        client.create_folder(address.folder)
    imap.arrives(letter("First.", name="<1@d.example>"), address.folder)
    imap.arrives(letter("Second.", name="<2@d.example>"), address.folder)
    assert look(session, address)[1] == Stored(new=1, known=1)
    assert session.scalar(select(func.count(Arrival.id))) == 2


def test_more_than_one_look_takes_comes_in_the_next(session: Session, imap: Imap, address: Address) -> None:
    look(session, address)
    for number in range(3):
        imap.arrives(letter(name=f"<{number}@e.example>"), address.folder)
    assert look(session, address, most=2)[1] == Stored(new=2, more=True)
    assert look(session, address, most=2)[1] == Stored(new=1)


def test_of_a_mail_that_is_too_large_the_head_is_kept_and_a_person_told(
    session: Session, imap: Imap, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST_BYTES", 600)
    imap.arrives(letter("x" * 700, name="<large@f.example>"), address.folder)
    imap.arrives(letter("small", name="<small@f.example>"), address.folder)
    assert look(session, address)[1] == Stored(new=2)
    large = session.scalars(select(Arrival).where(Arrival.state == "waiting")).one()
    assert (large.reason, b"<large@f.example>" in large.raw, b"xxx" in large.raw) == (
        "too_large",
        True,
        False,
    )
    assert large.size_bytes > 700
    assert (large.sender, large.subject) == ("ann@home.example", "My bill")


def test_a_mail_the_server_does_not_give_stops_no_other_and_is_asked_for_again(
    session: Session, imap: Imap, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(session, address)
    for number in range(2):
        imap.arrives(letter(name=f"<{number}@g.example>"), address.folder)
    gives = Mailbox.give

    def refuses(self: Mailbox, uid: int) -> object:
        if uid == refused:
            raise NotGiven("NO such thing")
        return gives(self, uid)

    with imap.client() as client:
        client.select_folder(address.folder)
        refused = client.search(["ALL"])[0]
    monkeypatch.setattr(Mailbox, "give", refuses)
    assert look(session, address)[1] == Stored(new=1, not_given=1)
    assert session.scalars(select(MailPlace.error).where(MailPlace.arrival_id.is_(None))).all() == [
        "NO such thing"
    ]
    monkeypatch.undo()
    assert look(session, address)[1] == Stored(new=1)


def test_without_trust_in_the_server_nobody_signs_in(
    imap: Imap, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(IMAPClient, "login", lambda self, user, password: tried.append(user))
    with (
        pytest.raises(MailboxDown, match="CERTIFICATE_VERIFY_FAILED"),
        opened(replace(address, ca_file=None)),
    ):
        pass
    assert tried == []


def test_a_wrong_password_is_said(imap: Imap, address: Address) -> None:
    with pytest.raises(MailboxDown, match="refused"), opened(replace(address, password="wrong")):
        pass


def test_what_is_not_there_any_more_is_asked_for_no_more(
    session: Session, imap: Imap, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(session, address)
    for number in range(2):
        imap.arrives(letter(name=f"<{number}@i.example>"), address.folder)
    refusing(monkeypatch, lambda uid: True)
    assert look(session, address)[1] == Stored(not_given=2)
    assert [one.not_given for one in arrival_figures(session, NOW).sources] == [2]
    monkeypatch.undo()
    with imap.client() as client:
        client.select_folder(address.folder)
        client.delete_messages(client.search(["ALL"])[:1])
        client.expunge()
    assert look(session, address)[1] == Stored(new=1)
    assert [one.not_given for one in arrival_figures(session, NOW).sources] == [0]
    asked = refusing(monkeypatch, lambda uid: True)
    assert (look(session, address)[1], asked) == (Stored(), [])


def test_many_that_the_server_never_gives_keep_no_new_mail_from_coming(
    session: Session, imap: Imap, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(session, address)
    for number in range(4):
        imap.arrives(letter(name=f"<{number}@j.example>"), address.folder)
    with imap.client() as client:
        client.select_folder(address.folder)
        never = client.search(["ALL"])
    asked = refusing(monkeypatch, lambda uid: uid in never)
    assert look(session, address)[1] == Stored(not_given=4)
    monkeypatch.setattr(fetching, "MOST_AGAIN", 2)
    imap.arrives(letter("New.", name="<new@j.example>"), address.folder)
    asked.clear()
    assert look(session, address, most=2)[1] == Stored(new=1, not_given=2)
    assert len(asked) == 3 and arrivals(session) == ["New."]


def refusing(monkeypatch: pytest.MonkeyPatch, refused: Callable[[int], bool]) -> list[int]:
    """The server gives nothing of some numbers; those it was asked for."""
    gives, asked = Mailbox.give, list[int]()

    def give(self: Mailbox, uid: int) -> object:
        asked.append(uid)
        if refused(uid):
            raise NotGiven("NO such thing")
        return gives(self, uid)

    monkeypatch.setattr(Mailbox, "give", give)
    return asked


def test_the_job_says_what_it_did_and_notes_a_server_that_is_away(
    fresh_database_url: str, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)

    def look_once() -> str:
        with unit_of_work(engine) as session:
            return fetch_and_place(session, NOW)

    assert "no mailbox is set up" in look_once()
    for name, value in imap.environment("starttls").items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    imap.arrives(letter(name="<1@h.example>"))
    nothing = "0 placed, 0 wait for a person, 0 ignored"
    assert look_once() == f"1 mails fetched, 0 known, 0 marked as read; {nothing}"
    waits = "0 placed, 1 wait for a person, 0 ignored"
    assert look_once() == f"0 mails fetched, 0 known, 1 marked as read; {waits}"
    monkeypatch.setenv("UTILITY_CRM_IMAP_PORT", str(free_port()))
    settings.cache_clear()
    assert look_once().startswith("the mailbox could not be read: no mail server at")
    with unit_of_work(engine) as session:
        assert session.scalars(select(MailSource)).one().failing_since == NOW
    engine.dispose()
    assert Path(os.environ["UTILITY_CRM_IMAP_CA_FILE"]).exists()
