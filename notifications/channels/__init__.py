"""Ways out into the world. A channel sends one letter, or says how it failed; it opens no transaction of
ours.

ChannelFailed
├── TryAgain        this letter was not taken now, and may be later
├── Undeliverable   this letter will never be taken
└── ChannelDown     nothing can be sent at the moment; it is no fault of the letter
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. `message_id` stays the same however often it is sent, so a receiver can tell."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str


class Channel(Protocol):
    """A way out."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over. Raises a `ChannelFailed`; returning means the other side has taken it."""

    def rest(self) -> None:
        """Nothing more to send for now: let go of connections."""


class ChannelFailed(Exception):
    """Base of the failures; its text is kept with the notice."""


class TryAgain(ChannelFailed):
    """This letter was not taken now, and may be later."""


class Undeliverable(ChannelFailed):
    """This letter will never be taken."""


class ChannelDown(ChannelFailed):
    """Nothing can be sent at the moment."""
