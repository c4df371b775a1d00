"""Making a batch's file and list from the letters kept at its cutting. Killed in between, it is made anew,
the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.delivery.staff import tell_staff
from notifications.domain.window import address_lines, window_of
from notifications.letters.typesetting import From, Pages, Set, set_letters
from utility_crm.kit.formulas import guarded
from utility_crm.kit.settings import Settings, settings
from utility_crm.web.formats import locale

HEADER = ("batch", "letter", "notice", "page_from", "page_to", "name", "address", "kind")
# Whoever makes one already is not waited for.
_TO_MAKE = text("""
    select id, cut_at from letter_batches
    where state = 'cut' and (cast(:only as bigint[]) is null or id = any (:only))
    order by id limit 1 for update skip locked
""")
_LETTERS = text("""
    select id, position, notice_id, notice, name, address, language, subject, text from letters
    where batch_id = :batch order by position
""")
_PAGES = text("""
    update letters set page_from = span.first, page_to = span.last
    from unnest(cast(:ids as bigint[]), cast(:firsts as int[]), cast(:lasts as int[]))
         as span (id, first, last)
    where letters.id = span.id
""")
_KEEP = text("""
    update letter_batches set state = 'gathered', pages = :pages, pdf = :pdf, pdf_sha256 = :pdf_sha256,
                              index_csv = :csv, index_sha256 = :csv_sha256, made_at = :now
    where id = :batch
""")


def letter_number(batch: int, position: int) -> str:
    """What stands at the foot of a letter, and names it when it comes back: "12-7"."""
    return f"{batch}-{position}"


def make_one(session: Session, now: datetime, only: Sequence[int] | None = None) -> int | None:
    """Make the file and the list of the oldest batch that has none; its id, None: all have theirs.

    `only`: among these. Staff is told that there is something to print.
    """
    found = session.execute(_TO_MAKE, {"only": None if only is None else list(only)}).one_or_none()
    if found is None:
        return None
    letters = session.execute(_LETTERS, {"batch": found.id}).all()
    pages = _set(found.id, found.cut_at, letters, settings())
    listed = _list(found.id, letters, pages)
    firsts, lasts = zip(*pages.spans, strict=True)
    ids = [one.id for one in letters]
    session.execute(_PAGES, {"ids": ids, "firsts": list(firsts), "lasts": list(lasts)})
    given = {
        "batch": found.id,
        "pages": pages.spans[-1][1],
        "pdf": pages.pdf,
        "pdf_sha256": sha256(pages.pdf).hexdigest(),
        "csv": listed,
        "csv_sha256": sha256(listed).hexdigest(),
        "now": now,
    }
    session.execute(_KEEP, given)
    subject = f"Batch {found.id}: {len(letters)} letters to print"
    body = f"{pages.spans[-1][1]} pages wait on the page of letters. Say there that they were handed over."
    tell_staff(session, f"letters:{found.id}", subject, body, now)
    return int(found.id)


def sender_of(given: Settings) -> From:
    """Who the letters are from, as the settings say it."""
    name = given.supplier_name or given.utility_name
    address = [line.strip() for line in given.supplier_address.split("|") if line.strip()]
    contact = (*address, given.supplier_phone, given.supplier_email, given.supplier_website)
    return From(name, ", ".join((name, *address)), tuple(part for part in contact if part))


def _set(batch: int, cut_at: datetime, letters: Sequence[Row[tuple[object, ...]]], given: Settings) -> Pages:
    day = cut_at.astimezone(ZoneInfo(given.timezone)).date()
    ready = [
        Set(
            number=letter_number(batch, one.position),
            language=one.language[:2],
            day=str(format_date(day, "long", locale=locale(one.language))),
            address=(one.name, *address_lines(one.address)),
            subject=one.subject,
            text=tuple(tuple(part.splitlines()) for part in one.text.split("\n\n") if part.strip()),
        )
        for one in letters
    ]
    title = f"{given.utility_name}, letters {batch}"
    issued = (day.year, day.month, day.day)
    return set_letters(title, issued, sender_of(given), ready, window_of(given.country))


def _list(batch: int, letters: Sequence[Row[tuple[object, ...]]], pages: Pages) -> bytes:
    """The list as CSV (RFC 4180, UTF-8), a line a letter."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for one, (first, last) in zip(letters, pages.spans, strict=True):
        number = letter_number(batch, one.position)
        told = (guarded(one.name), guarded(one.address), one.notice)
        writer.writerow((batch, number, one.notice_id, first, last, *told))
    return out.getvalue().encode()
