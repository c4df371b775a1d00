"""Ways to reach a customer: adding one, preferring one, taking one away."""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

WAY = mark("way to reach")
KINDS = (mark("phone"), mark("email"), mark("messenger"), mark("post"))


def normal_form(kind: str, value: str, country: str) -> str:
    """What search and notices compare: E.164 phones, all else in lower case. Invalid where it is neither.

    `country` (ISO) reads phones written without their country code.
    """
    if kind == "email":
        try:
            return validate_email(value, check_deliverability=False).normalized.lower()
        except EmailNotValidError as error:
            raise Invalid(
                "email", mark("“%(value)s” is not an e-mail address."), "value", value=value
            ) from error
    if kind == "phone":
        try:
            number = phonenumbers.parse(value, country)
        except phonenumbers.NumberParseException as error:
            raise Invalid(
                "phone", mark("“%(value)s” is not a phone number."), "value", value=value
            ) from error
        if not phonenumbers.is_possible_number(number):
            raise Invalid("phone", mark("“%(value)s” has too many or too few digits."), "value", value=value)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if kind in ("post", "messenger") and value:
        return " ".join(value.lower().split())
    raise Invalid(
        "contact_point",
        mark("Give a phone, an e-mail, a name at the messenger or a postal address."),
        "value",
    )


def number_in(said: str, country: str) -> str:
    """The first phone number in what was noted of how to reach somebody, as E.164; empty without one, such as
    for an e-mail address."""
    if "@" in said:
        return ""
    found = phonenumbers.PhoneNumberMatcher(said, country, leniency=phonenumbers.Leniency.POSSIBLE)
    for one in found:
        return phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164)
    return ""


def written_form(kind: str, value: str, country: str) -> str:
    """As it is kept to be read and written to: phones with their country (ITU-T E.123), e-mail as its server
    has it, all else as it was said. Invalid as `normal_form`.
    """
    normal = normal_form(kind, value, country)
    if kind == "email":
        return validate_email(value, check_deliverability=False).normalized
    if kind == "phone":
        international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(phonenumbers.parse(normal), international)
    return value


def add_contact_point(
    session: Session, customer_id: int, *, kind: str, value: str, country: str, label: str = ""
) -> int:
    """A new way to reach the customer; its id. Conflict where they have it already."""
    typed = " ".join(value.split())
    normal, written = normal_form(kind, typed, country), written_form(kind, typed, country)
    known = select(ContactPoint.id).where(
        ContactPoint.customer_id == customer_id, ContactPoint.kind == kind, ContactPoint.normal == normal
    )
    if session.scalar(known) is not None:
        raise Conflict("contact_point_known", mark("“%(value)s” is already here."), "value", value=written)
    point = ContactPoint(
        customer_id=customer_id, kind=kind, value=written, normal=normal, label=label.strip()
    )
    session.add(point)
    session.flush()
    note_change(session, customer_id, WAY, None, {"kind": kind, "value": written, "label": point.label})
    return point.id


def prefer_contact_point(session: Session, customer_id: int, point_id: int) -> None:
    """Make this the way they like best among those of its kind."""
    found = _point_of(session, customer_id, point_id)
    told = {"kind": found.kind, "value": found.value}
    note_change(session, customer_id, WAY, told | {"preferred": found.preferred}, told | {"preferred": True})
    session.execute(
        update(ContactPoint)
        .where(ContactPoint.customer_id == customer_id, ContactPoint.kind == found.kind)
        .values(preferred=ContactPoint.id == point_id)
    )


def remove_contact_point(session: Session, customer_id: int, point_id: int) -> None:
    """Forget a way to reach them."""
    found = _point_of(session, customer_id, point_id)
    told = {"kind": found.kind, "value": found.value, "label": found.label}
    note_change(session, customer_id, WAY, told, None)
    session.execute(delete(ContactPoint).where(ContactPoint.id == point_id))


def _point_of(session: Session, customer_id: int, point_id: int) -> Row[str, str, str, bool]:
    point = session.execute(
        select(ContactPoint.kind, ContactPoint.value, ContactPoint.label, ContactPoint.preferred).where(
            ContactPoint.id == point_id, ContactPoint.customer_id == customer_id
        )
    ).one_or_none()
    if point is None:
        raise NotFound("no_such_contact_point", mark("It was taken away already."), str(point_id))
    return point
