"""A customer's word on being written to: as it stands now, purposes by channels, and as it went before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.domain.permission import objection
from utility_crm.kit.gathering import listed
from utility_crm.web.words import mark

PURPOSES = (mark("service"), mark("marketing"))
CHANNELS = (
    mark("email"),
    mark("sms"),
    mark("messenger"),
    mark("push"),
    mark("letter"),
    mark("call"),
)
LONGEST_PROOF = 200


@dataclass(frozen=True, slots=True)
class Word:
    """Their word on one purpose by one channel. `granted` is None, and `since` with it, where nothing was
    said; `proof`: how we know; `recorded_by`: the name of who took it, if a person did; `address` and
    `token_digest`: of the link that confirmed it."""

    purpose: str
    channel: str
    granted: bool | None = None
    since: datetime | None = None
    proof: str = ""
    recorded_by: str = ""
    address: str = ""
    token_digest: str = ""

    @property
    def key(self) -> str:
        """Its name in an address: "service-email"."""
        return f"{self.purpose}-{self.channel}"

    @property
    def allows(self) -> bool:
        """Whether we may write, by the rule that delivery asks."""
        return objection(self.purpose, self.granted) is None


EVERY = listed(
    """
    select word.purpose, word.channel, word.granted, word.at as since, word.proof,
           coalesce(users.name, '') as recorded_by, word.address, word.token_digest
    from consents as word left join users on users.id = word.recorded_by
    where word.customer_id = :customer
    order by word.at desc, word.id desc
""",
    Word,
)
"""Every word that `:customer` ever gave, newest first."""


def standing_words(said: Sequence[Word]) -> list[Word]:
    """Of words, newest first, the one that holds for every purpose and channel, in the order of `PURPOSES`
    and `CHANNELS`."""
    newest: dict[tuple[str, str], Word] = {}
    for word in said:
        newest.setdefault((word.purpose, word.channel), word)
    return [
        newest.get((purpose, channel), Word(purpose, channel)) for purpose in PURPOSES for channel in CHANNELS
    ]
