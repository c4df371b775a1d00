"""All that the ground knows to have happened with one customer, read at once for their page: what was said,
who asked who they are, who came to speak for them, what was changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from utility_crm.customers.conversations import Conversation
from utility_crm.customers.party_tables import SPEAKING
from utility_crm.kit.gathering import Gather, listed
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.together import together

MOST = 100
SAID = listed(
    """
    select k.id, k.customer_id, c.name, k.at, k.channel, k.direction, k.topic, k.complaint, k.outcome,
           k.answered_at, k.note, coalesce(u.name, ''), k.resolved
    from contacts k
    join customers c on c.id = k.customer_id
    left join users u on u.id = k.author_id
    where k.customer_id = :customer
    order by k.at desc, k.id desc limit :most
    """,
    Conversation,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked who they are (how `answers`), or personal data was shown for a `reason`."""

    at: datetime
    how: str
    passed: bool
    asked: list[str]
    reason: str
    by: str


ASKED = listed(
    """
    select v.at, v.how, v.passed, to_jsonb(v.asked), v.reason, coalesce(u.name, '')
    from verifications v left join users u on u.id = v.by_user
    where v.customer_id = :customer
    order by v.at desc limit :most
    """,
    Asked,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A relation that was taken down or ended. own: the other is something to the customer, not the other
    way round. until: its last day but one, where one was said."""

    kind: str
    own: bool
    name: str
    role: str
    noted_at: datetime
    noted_by: str
    ended_at: datetime | None
    ended_by: str
    ends_before: date | None

    @property
    def speaks(self) -> bool:
        return self.own and self.kind in SPEAKING


TURNS = listed(
    """
    select r.kind, r.customer_id = :customer, coalesce(other.name, r.name), r.role, r.noted_at,
           coalesce(u.name, ''), r.ended_at, coalesce(e.name, ''), r.ends_before
    from relations r
    left join customers other
      on other.id = case when r.customer_id = :customer then r.other_id else r.customer_id end
    left join users u on u.id = r.noted_by
    left join users e on e.id = r.ended_by
    where r.customer_id = :customer or r.other_id = :customer
    order by r.noted_at desc limit :most
    """,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was changed, by its marked name; with the reason, where one was said. gone: it is there
    no more. other: the number of the customer it was merged with."""

    at: datetime
    what: str
    by: str
    why: str
    gone: bool
    other: str


CHANGED = listed(
    """
    select l.at, l.what, coalesce(u.name, t.name, ''), coalesce(l.after ->> 'why', ''), l.after is null,
           coalesce(l.after ->> 'customer', l.before ->> 'customer', '')
    from audit_log l
    left join users u on u.id = l.user_id
    left join api_tokens t on t.id = l.token_id
    where l.customer_id = :customer and l.kind = 'detail'
    order by l.at desc, l.id desc limit :most
    """,
    Changed,
)


@dataclass(frozen=True, slots=True)
class InView:
    """Each list with the newest first."""

    said: tuple[Conversation, ...]
    asked: tuple[Asked, ...]
    turns: tuple[Turn, ...]
    changed: tuple[Changed, ...]


HAPPENED = Gather((SAID, ASKED, TURNS, CHANGED), lambda call: {"customer": call.customer_id, "most": MOST})


def in_view(call: CustomerCall) -> InView:
    """Use it through `call.once`."""
    said, asked, turns, changed = together(call, HAPPENED)
    return InView(
        tuple(Conversation(*row) for row in said),
        tuple(Asked(*row) for row in asked),
        tuple(Turn(*row) for row in turns),
        tuple(Changed(*row) for row in changed),
    )
