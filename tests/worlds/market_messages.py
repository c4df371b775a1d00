"""Messages of class 80020, made with few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

DAY = date(2024, 3, 5)
POINT = "132070043214102"


def clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}{minute % 60:02}"


def periods(
    values: Sequence[str | None], minutes: int = 30, first: int = 0, attributes: str = 'status="0"'
) -> str:
    """Periods of the clock from minute `first` on; a None is a period that is not there."""
    return "".join(
        f'<period start="{clock(first + place * minutes)}" end="{clock(first + (place + 1) * minutes)}">'
        f"<value {attributes}>{value}</value></period>\n"
        for place, value in enumerate(values)
        if value is not None
    )


def channel(inner: str, code: str = "01") -> str:
    return f'<measuringchannel code="{code}" desc="счетчик">\n{inner}</measuringchannel>\n'


def point(inner: str, code: str = POINT, kind: str = "measuringpoint") -> str:
    return f'<{kind} code="{code}" name="ПС Саранск, фидер 73">\n{inner}</{kind}>\n'


def area(inner: str, timezone: str | None = "1") -> str:
    said = "" if timezone is None else f' timezone="{timezone}"'
    return f"<area{said}>\n<inn>1300000206</inn>\n<name>Площадка</name>\n{inner}</area>\n"


def market_message(
    areas: str | Iterable[str],
    day: date | str = DAY,
    number: int = 12373,
    encoding: str = "windows-1251",
    kind: str = "80020",
    head: str = "",
    saving: str = "1",
) -> bytes:
    """A whole message in its encoding; `head` stands before its root."""
    said = day if isinstance(day, str) else f"{day:%Y%m%d}"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n{head}'
        f'<message class="{kind}" version="2" number="{number}">\n'
        f"<datetime>\n<timestamp>20240306092603</timestamp>\n<daylightsavingtime>{saving}</daylightsavingtime>\n"
        f"<day>{said}</day>\n</datetime>\n"
        "<sender>\n<inn>7703311228</inn>\n<name>Сбыт</name>\n</sender>\n"
        f"{areas if isinstance(areas, str) else ''.join(areas)}</message>\n"
    )
    return text.encode(encoding)
