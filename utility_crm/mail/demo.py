"""The mail room's part of the simulated utility: this morning's letters, read as real ones are."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.demo.context import DemoBuild
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import keep_mail
from utility_crm.mail.mailbox import Given
from utility_crm.mail.placing import place_stored

_WRITERS = text("""
    select customers.name, point.normal from contact_points as point
    join customers on customers.id = point.customer_id
    where point.kind = 'email' and customers.language = 'en' and customers.kind = 'person'
      and not exists (select from contact_points as other
                      where other.normal = point.normal and other.customer_id <> point.customer_id)
    order by point.customer_id desc limit 2
""")
_OF_CUSTOMERS = (
    (
        "The reading on my bill",
        "The reading on the bill is not the one on my meter. What do you need?",
    ),
    ("Moving at the end of the month", "I am moving out on the 30th. How do I give you the last reading?"),
)
_OF_OTHERS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "Rowan Far <rowan@lodger.example>", "Bill for the flat upstairs",
        "Good morning,\n\nyour bill for the flat upstairs came to me. Whose is it?\n\n-- \nRowan Far", {},
    ),
    (
        "Letting Office <office@letting.example>", "New tenant at 9 Mill Lane",
        "The new tenant moves in on Monday. Please open an account.", {},
    ),
    ("Energy Fair <news@fair.example>", "The energy fair", "Come and see us.", {"Precedence": "bulk"}),
)  # fmt: skip


def build(context: DemoBuild) -> None:
    """Two letters of customers, two of people nobody knows, an absence and a list."""
    with context.session() as session:
        writers = session.execute(_WRITERS).all()
        at = context.now - timedelta(minutes=44)
        letters: list[tuple[str, str, str, dict[str, str]]] = [
            (f"{row.name} <{row.normal}>", subject, words, {})
            for row, (subject, words) in zip(writers, _OF_CUSTOMERS, strict=False)
        ]
        if writers:
            away = {"Auto-Submitted": "auto-replied"}
            letters.append((letters[0][0], "Away", "I am away until Monday.", away))
        for place, one in enumerate([*letters, *_OF_OTHERS]):
            _comes(session, place, one, at + timedelta(minutes=6 * place))


def _comes(session: Session, place: int, one: tuple[str, str, str, dict[str, str]], at: datetime) -> None:
    sender, subject, words, heads = one
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, settings().mail_from, subject
    mail["Message-ID"], mail["Date"] = f"<demo-{place}@simulated.example>", format_datetime(at)
    for name, value in heads.items():
        mail[name] = value
    mail.set_content(words)
    raw = mail.as_bytes()
    keep_mail(session, Given(raw, len(raw), True), at)
    place_stored(session, at)
