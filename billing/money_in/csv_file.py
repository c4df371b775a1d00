"""Payments in a table: whatever a bank calls its columns, mapped to ours."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256

from billing.domain.tariffs.file import default_decimals
from billing.money_in.entries import BankEntry, ReadFile, minor_of
from utility_crm.kit.errors import Invalid

FORMAT = "csv"
FIELDS = ("date", "amount", "currency", "reference", "text", "payer", "payer_account", "account", "bill")
"""Ours. date and amount are needed; account and bill are references of ours, where the table has them."""
_EITHER = r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}"
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d")


def named_columns(text: str) -> dict[str, str]:
    """date=Buchungstag,amount=Betrag as field -> title. Raises Invalid where it cannot be understood."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, title = (part.strip() for part in pair.partition("="))
        if not equals or not title or name not in FIELDS or name in found:
            words = f"Cannot read {pair!r}; write date=Buchungstag; there are {', '.join(FIELDS)}."
            raise Invalid("columns", words, "columns")
        found[name] = title
    return found


def read_csv(content: bytes, columns: Mapping[str, str], currency: str) -> ReadFile:
    """The table as movements. `columns`: our field -> the header's name, where that is another; `currency`
    holds where no column says it.

    UTF-8; comma, semicolon or tab; days as 2026-11-20, 20.11.2026, 20/11/2026 or 20261120; amounts with a
    point or a decimal comma, a minus for money out. Raises Invalid with line and column; all or nothing.
    """
    unknown = [field for field in columns if field not in FIELDS]
    if unknown:
        raise Invalid(
            "unknown_field", f"{unknown[0]!r} is no field; there are {', '.join(FIELDS)}.", "columns"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid("encoding", "The file is not UTF-8 text.", f"line {line}") from error
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    entries: list[BankEntry] = []
    header: dict[str, int] | None = None
    width = 0
    seen: dict[tuple[str, ...], int] = {}
    try:
        for cells in reader:
            place = f"line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header, width = _header(cells, columns, place), len(cells)
                continue
            if len(cells) != width:
                words = f"{len(cells)} cells where the header has {width}."
                raise Invalid("cells", words, place)
            row = {field: cells[column].strip() for field, column in header.items()}
            entries.append(_entry(row, place, currency, seen))
    except csv.Error as error:
        words = f"The table breaks off: {error}."
        raise Invalid("framing", words, f"line {reader.line_num}") from error
    if header is None:
        raise Invalid("empty", "The file is empty.", "line 1")
    return ReadFile(FORMAT, tuple(entries))


def _header(cells: list[str], columns: Mapping[str, str], place: str) -> dict[str, int]:
    names = [cell.strip().lower() for cell in cells]
    found = {}
    for field in FIELDS:
        wanted = columns.get(field, field).strip().lower()
        if names.count(wanted) > 1:
            raise Invalid("twice", f"The column {wanted!r} stands twice.", place)
        if wanted in names:
            found[field] = names.index(wanted)
        elif field in columns or field in ("date", "amount"):
            words = f"There is no column {wanted!r} for {field}; name it: {field}=its name."
            raise Invalid("missing_column", words, place)
    return found


def _entry(row: dict[str, str], place: str, currency: str, seen: dict[tuple[str, ...], int]) -> BankEntry:
    currency = row.get("currency") or currency
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Invalid("currency", f"{currency!r} is no currency such as GBP.", f"{place}, currency")
    minor = minor_of(_plain(row["amount"], currency, f"{place}, amount"), currency, f"{place}, amount")
    if not minor:
        raise Invalid("amount", "A payment of nothing.", f"{place}, amount")
    return BankEntry(
        place=place,
        bank_reference=row.get("reference") or _made_reference(row, seen),
        booked_on=_day(row["date"], f"{place}, date"),
        amount_minor=minor,
        currency=currency,
        payer=row.get("payer", ""),
        payer_account=row.get("payer_account", ""),
        structured=tuple(filter(None, (row.get("bill", ""), row.get("account", "")))),
        text=row.get("text", ""),
    )


def _plain(text: str, currency: str, place: str) -> str:
    """1.234,56 and 1,234.56 and +1234.56 as 1234.56. A file has no language: one mark with three digits
    behind it may be thousands or parts. Raises Invalid where that cannot be told."""
    text = "".join(text.split()).replace("\u2212", "-")  # a no-break space is one, too
    if not re.fullmatch(r"[+-]?[0-9][0-9.,']*", text):
        raise Invalid("amount", f"{text!r} is no amount.", place)
    marks = [mark for mark in text if mark in ".,"]
    decimal = marks[-1] if marks else "."
    if len(marks) > 1 and marks.count(decimal) > 1:
        decimal = ""  # 1.234.567: none of them is the decimal point
    elif (decimal == "," or default_decimals(currency) < 3) and re.fullmatch(_EITHER, text):
        words = f"{text!r}: three digits after {decimal!r} may be thousands or parts."
        raise Invalid("amount", words, place)
    whole, _, parts = text.rpartition(decimal) if decimal and marks else (text, "", "")
    if not re.fullmatch(r"[+-]?([0-9]+|[0-9]{1,3}([.,'])[0-9]{3}(\2[0-9]{3})*)", whole):
        raise Invalid("amount", f"{text!r} is no amount.", place)
    whole = re.sub("[+.,']", "", whole)
    return f"{whole}.{parts}" if parts else whole


def _day(text: str, place: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise Invalid("day", f"{text!r} is no day such as 2026-11-20.", place)


def _made_reference(row: dict[str, str], seen: dict[tuple[str, ...], int]) -> str:
    """Where the bank names no payment: its content, and how many like it came before it in the file."""
    content = tuple(row.get(field, "") for field in FIELDS)
    seen[content] = seen.get(content, 0) + 1
    return "row-" + sha256("|".join((*content, str(seen[content]))).encode()).hexdigest()[:24]
