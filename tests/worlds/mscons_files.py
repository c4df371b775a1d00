"""MSCONS interchanges, made with few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

CET = timezone(timedelta(hours=1))


def stamp(moment: datetime) -> str:
    """A time in format 303, in the offset it has."""
    offset = moment.utcoffset()
    assert offset is not None
    sign = "-" if offset < timedelta(0) else "+"
    return f"{moment:%Y%m%d%H%M}?{sign}{abs(offset) // timedelta(hours=1):02}:303"


def values(
    first: datetime,
    quantities: Sequence[str],
    minutes: int = 15,
    status: str = "220",
    more: Sequence[str] = (),
) -> list[str]:
    """Segments of a load profile, each value with its period; `more` follows each value."""
    told = []
    for place, quantity in enumerate(quantities):
        start = first + timedelta(minutes=minutes * place)
        end = start + timedelta(minutes=minutes)
        told += [f"QTY+{status}:{quantity}", f"DTM+163:{stamp(start)}", f"DTM+164:{stamp(end)}", *more]
    return told


def position(obis: str, *segments: str) -> list[str]:
    return ["LIN+1", f"PIA+5+{obis.replace(':', '?:')}:SRW", *segments]


def location(point: str, *segments: str) -> list[str]:
    return ["NAD+DP", f"LOC+172+{point}", *segments]


def message(
    *segments: str, reference: str = "1", bgm: str = "BGM+7+DOC1+9", count: int | None = None
) -> list[str]:
    """UNH to UNT, its count right unless another is given."""
    inner = [f"UNH+{reference}+MSCONS:D:04B:UN:2.4c", bgm, "DTM+137:202402010800?+00:303", "RFF+Z13:13025"]
    inner += ["NAD+MS+9900000000001::293", "NAD+MR+9900000000002::293", "UNS+D", *segments]
    return [*inner, f"UNT+{len(inner) + 1 if count is None else count}+{reference}"]


def interchange(
    *messages: Sequence[str],
    una: str = "UNA:+.? '",
    charset: str = "UNOC:3",
    between: str = "",
    agency: str = "500",
    test: bool = False,
) -> str:
    """UNA (left out where empty) to UNZ, `between` standing after each segment."""
    unb = f"UNB+{charset}+9900000000001:{agency}+9900000000002:{agency}+240201:0800+REF1++TL"
    segments = [unb + ("++++1" if test else ""), *(each for one in messages for each in one)]
    segments.append(f"UNZ+{len(messages)}+REF1")
    return una + (between if una else "") + "".join(f"{segment}'{between}" for segment in segments)
