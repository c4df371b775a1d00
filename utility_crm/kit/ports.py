"""What one package does for another without knowing it: the host brings them together by `Module`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from sqlalchemy.orm import Session


class Logged(Protocol):
    """What a package does when something said was kept, in the same transaction."""

    def __call__(
        self,
        session: Session,
        *,
        contact_id: int,
        customer_id: int,
        channel: str,
        user_id: int,
        now: datetime,
    ) -> None: ...


class ToLeave(Protocol):
    """A notice that is about to be sent, as it was queued."""

    @property
    def id(self) -> int: ...
    @property
    def notice(self) -> str: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


StillTrue = Callable[[Session, Sequence[ToLeave], datetime], Mapping[int, Mapping[str, Any] | None]]
"""Of notices that are not as they were queued, by id: what is another in their context now, None where they
are no longer true."""


@dataclass(frozen=True, slots=True)
class ToSend:
    """An answer to somebody who wrote to us, or the receipt that what they wrote has come.

    key         deterministic: the same again is the same letter. It holds a secret, since the letter's name
                in the world is made of it, and whoever knows a name may write into its thread
    kind        "answer", what stands in the ticket; or "receipt", ours
    number      of the ticket, which the subject names
    customer_id whose; None where nobody knows yet, and `address` is all there is
    channel     the way it should go: "email", "messenger" or "sms"
    address     where to; "" is wherever the customer is reached that way, or the next that is open
    name        whom it is to, where there is no customer
    language    of its frame; "" is the customer's
    reply_to    the address that an answer is wanted at (e-mail)
    answers     Message-IDs of the letters it answers, oldest first (e-mail)
    files       digests of what is attached (`ticket_files`), with the names they go by (e-mail)
    by_itself   a rule sends it, a text that was written beforehand: machines have to be told (RFC 3834, 5)
    """

    key: str
    kind: Literal["answer", "receipt"]
    number: str
    subject: str
    text: str
    customer_id: int | None
    channel: str
    address: str = ""
    name: str = ""
    language: str = ""
    reply_to: str = ""
    answers: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class BeingSent:
    """What became of it: its row and its name (Message-ID) where it will leave, by which channel; or, in
    marked words, why it is `refused`."""

    id: int
    name: str
    channel: str
    refused: str = ""


Sends = Callable[[Session, ToSend, datetime], BeingSent]
"""Puts a letter on its way, once for its key."""


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A survey that is to reach a customer.

    key           deterministic: the same again is the same letter
    survey, round its number, and how often it was put on its way: `still_true` tells by them
    question      "csat" (1 to 5) or "nps" (0 to 10)
    number        of the ticket it is about, with its subject and the day on which it was solved
    paths         where an answer is given, from the root of this site, by score; None: without a score
    answer_before until when an answer is taken
    useful_before from then on the letter is not worth sending
    """

    key: str
    survey: int
    round: int
    question: Literal["csat", "nps"]
    number: str
    subject: str
    solved_on: date
    customer_id: int
    account_id: int | None
    paths: Mapping[int | None, str]
    answer_before: datetime
    useful_before: datetime


Asks = Callable[[Session, Sequence[ToAsk], datetime, bool], Sequence[str]]
"""Puts surveys on their way, each once for its key; or, where the last argument is false, only foresees what
would be done. For each, why it is not sent: a word that stays the same ("no_consent"), "" where it is."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a mail said became of letters, in a few words; `unread`: nobody can say of which, so nothing was
    done about it, and a person has to look."""

    words: str
    unread: bool = False


Reports = Callable[[Session, bytes, datetime], Reported | None]
"""Acts on a mail that says what became of letters. None: it is no such mail."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A kind of event that other systems may listen to: "ticket.opened". words: what happened, marked; data
    and personal: an example of what is told, and of what is told besides to who may have personal data."""

    kind: str
    words: str
    data: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)
