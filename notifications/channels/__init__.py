"""Ways out into the world. A channel sends one letter, or says how it failed; it opens no transaction of
ours.

ChannelFailed
├── TryAgain        this letter was not taken now, and may be later
├── InDoubt         this letter may have been taken, and may not
├── Undeliverable   this letter will never be taken
└── ChannelDown     nothing can be sent at the moment; it is no fault of the letter
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a letter stands among others. answers: the names of those it answers, oldest first (RFC 5322,
    3.6.4); reply_to: where an answer to it is wanted; written_by: "machine" (nobody asked for it), "receipt"
    (it answers by itself) or "person" (RFC 3834, 5)."""

    answers: tuple[str, ...] = ()
    reply_to: str = ""
    written_by: Literal["machine", "receipt", "person"] = "machine"
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """What is attached to a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. `message_id` stays the same however often it is sent, so a receiver can tell.

    A text message has neither subject nor html. `unsubscribe` is where its reader ends such letters, with one
    click (RFC 8058); none for what is no marketing.
    """

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str
    channel: str = "email"
    unsubscribe: str = ""
    thread: Thread = Thread()
    files: tuple[File, ...] = ()


class Channel(Protocol):
    """A way out.

    honours_keys   the other side takes a letter once for its message id, so sending again does no harm
    at_once        how many letters may be under way together, from threads of one process
    """

    @property
    def honours_keys(self) -> bool: ...

    @property
    def at_once(self) -> int: ...

    def send(self, letter: Letter) -> str:
        """Hand the letter over; the other side's own number of it, or nothing.

        Raises a `ChannelFailed`; returning means the other side has taken it.
        """

    def rest(self) -> None:
        """Nothing more to send for now: let go of connections."""


class ChannelFailed(Exception):
    """Base of the failures; its text is kept with the notice."""


class TryAgain(ChannelFailed):
    """This letter was not taken now, and may be later; not before `wait`, if the other side said so."""

    def __init__(self, words: str, wait: timedelta | None = None) -> None:
        super().__init__(words)
        self.wait = wait


class InDoubt(TryAgain):
    """This letter may have been taken, and may not: the other side broke off, or took too long."""


class Undeliverable(ChannelFailed):
    """This letter will never be taken."""


class ChannelDown(ChannelFailed):
    """Nothing can be sent at the moment."""
