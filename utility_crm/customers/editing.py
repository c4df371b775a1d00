"""What a customer is called, how and when they like to be spoken with: changed with a reason. Nothing here
commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.care import reason_of
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

SEGMENTS = {
    "household": mark("Household"),
    "small_business": mark("Small business"),
    "industry": mark("Industry"),
}
TONGUES = {"en": mark("English"), "ru": mark("Russian")}
WAYS = (mark("call"), mark("email"), mark("sms"), mark("letter"), mark("messenger"))
TIMES = (mark("morning"), mark("afternoon"), mark("evening"), mark("weekend"))
DETAILS = mark("their details")
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Details:
    """What a form may change. preferred_channel: "" or one of WAYS; contact_times: of TIMES."""

    name: str
    language: str
    segment: str
    preferred_channel: str = ""
    contact_times: tuple[str, ...] = ()

    @property
    def seen(self) -> str:
        """A name of exactly these values: a form carries the one it was made from."""
        return hashlib.sha256(repr(asdict(self)).encode()).hexdigest()[:16]


def details_of(session: Session, customer_id: int, *, hold: bool = False) -> Details:
    """As they are. Raises NotFound."""
    columns = (
        Customer.name, Customer.language, Customer.segment, Customer.preferred_channel,
        Customer.contact_times,
    )  # fmt: skip
    statement = select(*columns).where(Customer.id == customer_id)
    row = session.execute(statement.with_for_update() if hold else statement).one_or_none()
    if row is None:
        words = mark("There is no customer of this number here.")
        raise NotFound("no_such_customer", words, str(customer_id))
    name, language, segment, channel, times = row
    return Details(name, language, segment, channel, tuple(times))


def change_details(session: Session, customer_id: int, new: Details, *, why: str, seen: str) -> bool:
    """As they are from now on; False: they are so already. seen: the `seen` of the details that were shown.

    Raises Invalid, NotFound, and Conflict where somebody else changed them meanwhile.
    """
    held = details_of(session, customer_id, hold=True)
    wanted = Details(
        " ".join(new.name.split()), new.language, new.segment, new.preferred_channel,
        in_order(new.contact_times),
    )  # fmt: skip
    if not wanted.name or len(wanted.name) > LONGEST_NAME or not wanted.name.isprintable():
        raise Invalid("name", mark("A name has one to %(most)s letters."), "name", most=LONGEST_NAME)
    if wanted.segment not in SEGMENTS or wanted.language not in {*TONGUES, held.language}:
        raise Invalid("segment", mark("Choose one of what is offered."), "segment")
    if wanted.preferred_channel not in ("", *WAYS):
        raise Invalid("preferred_channel", mark("Choose one of what is offered."), "preferred_channel")
    if wanted == held:
        return False
    if seen != held.seen:
        words = mark("Somebody changed this meanwhile: look at it as it is now.")
        raise Conflict("changed_meanwhile", words)
    reason = reason_of(why)
    values = {**asdict(wanted), "contact_times": list(wanted.contact_times)}
    session.execute(update(Customer).where(Customer.id == customer_id).values(**values))
    before = {**asdict(held), "contact_times": list(held.contact_times)}
    note_change(session, customer_id, DETAILS, before, values | {"why": reason})
    return True


def in_order(times: Sequence[str]) -> tuple[str, ...]:
    """Times of the day as the day has them, each once."""
    return tuple(one for one in TIMES if one in times)


def no_word_stays(old: str, new: str) -> bool:
    """Whether a name is another altogether: that is likely somebody else, who is a customer of their own."""
    return not {word.casefold() for word in old.split()} & {word.casefold() for word in new.split()}
