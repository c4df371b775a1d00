"""A temperature series from a CSV: `starts_at` and `celsius`, with `area` where the file holds several.

Titles may be others, told by `columns`; further columns are left alone. Stamps are ISO 8601; those without an
offset are of the clock named, or UTC.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from utility_crm.kit.errors import Invalid
from utility_crm.kit.table_file import Problem

FIELDS = ("area", "starts_at", "celsius")
COLDEST, WARMEST = -90.0, 60.0
"""Of any weather station on earth; beyond these it is not a temperature of the air in degrees Celsius."""
UNKNOWN = np.iinfo(np.int32).min
_DAY = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class AreaTemperatures:
    """One area's days of UTC. area: its code, empty where the file names none. days: ordinals, int64 (r,);
    millicelsius: int32 (r, n), UNKNOWN in holes."""

    area: str
    days: npt.NDArray[np.int64]
    millicelsius: npt.NDArray[np.int32]


def read_temperatures(
    content: bytes,
    columns: Mapping[str, str] | None = None,
    zone: ZoneInfo | None = None,
    where: str = "file",
) -> tuple[list[AreaTemperatures], list[Problem]]:
    """Every area's days, and every bad row with its line. With problems the days are not to be used.

    Raises `Invalid` when the file cannot be read as a table, or a column is missing.
    """
    frame = _table(content, columns or {}, where)
    problems: list[Problem] = []
    lines = frame["line"].tolist()
    celsius = pd.to_numeric(frame["celsius"], errors="coerce")
    empty = frame["celsius"].str.strip() == ""
    outside = ~celsius.between(COLDEST, WARMEST) & ~empty
    problems += [
        Problem(lines[row], "celsius", f"{frame['celsius'][row]!r} is no temperature in degrees Celsius")
        for row in np.flatnonzero(outside.to_numpy()).tolist()
    ]
    seconds, unreadable = _seconds(frame["starts_at"], zone)
    problems += [
        Problem(lines[row], "starts_at", f"{frame['starts_at'][row]!r} {reason}")
        for row, reason in unreadable
    ]
    if problems:
        return [], sorted(problems, key=lambda problem: problem.line)[:200]
    milli = np.where(empty, UNKNOWN, np.rint(celsius.fillna(0).to_numpy() * 1000)).astype(np.int32)
    areas = frame["area"].str.strip() if "area" in frame else pd.Series("", index=frame.index)
    found: list[AreaTemperatures] = []
    for area, rows in areas.groupby(areas, sort=False).indices.items():
        cut = _cut(str(area), seconds[rows], milli[rows], frame["line"].to_numpy()[rows])
        if isinstance(cut, Problem):
            problems.append(cut)
        else:
            found.append(cut)
    return ([], problems) if problems else (found, [])


def _table(content: bytes, columns: Mapping[str, str], where: str) -> pd.DataFrame:
    """The three columns as text, by field, and the line of each row; blank rows are left out."""
    first = content.split(b"\n", 1)[0]
    separator = max((b",", b";", b"\t"), key=first.count).decode()
    try:
        frame = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, skip_blank_lines=False, sep=separator
        )
    except UnicodeDecodeError as error:
        raise Invalid("encoding", "the file is not UTF-8 text; save it as CSV UTF-8", where) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise Invalid("framing", f"the file cannot be read as a table: {error}", where) from error
    titles = {str(title).strip().lstrip("\ufeff"): title for title in frame.columns}
    chosen = {}
    for field in FIELDS:
        title = columns.get(field, field)
        if title in titles:
            chosen[field] = frame[titles[title]].fillna("")
        elif field != "area" or field in columns:
            near = get_close_matches(title, titles, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(titles)}"
            raise Invalid("missing_column", f"the column {title!r} is missing{hint}", f"{where}, line 1")
    if frame.empty:
        raise Invalid("empty", "the file holds no temperature", where)
    told = pd.DataFrame(chosen)
    filled = (told != "").any(axis=1)
    return told.assign(line=told.index + 2)[filled].reset_index(drop=True)


def _seconds(texts: pd.Series, zone: ZoneInfo | None) -> tuple[npt.NDArray[np.int64], list[tuple[int, str]]]:
    """Seconds since 1970 of every stamp, and rows that have none, each with its reason."""
    bad: list[tuple[int, str]] = []
    told = texts.str.contains(r"(?:[zZ]|[+-]\d\d:?\d\d)\s*$", regex=True)
    stamps = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s, UTC]")
    stamps[told] = pd.to_datetime(texts[told], format="ISO8601", utc=True, errors="coerce").dt.as_unit("s")
    local = pd.to_datetime(texts[~told], format="ISO8601", errors="coerce").dt.as_unit("s")
    placed = local.dt.tz_localize(zone or "UTC", ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    stamps[~told] = placed
    unplaced = set(local.index[placed.isna() & local.notna()].tolist())
    for row in texts.index[stamps.isna()].tolist():
        reason = "is no time like 2026-11-19T00:30:00Z"
        if row in unplaced:
            reason = (
                "comes twice or not at all by that clock; write its offset, as in 2026-10-25T01:30:00+01:00"
            )
        bad.append((row, reason))
    seconds = stamps.fillna(pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy()
    return seconds.astype(np.int64), bad


def _cut(
    area: str, seconds: npt.NDArray[np.int64], milli: npt.NDArray[np.int32], lines: npt.NDArray[np.int64]
) -> AreaTemperatures | Problem:
    """The series on the grid of its commonest step. A stamp said twice must say the same."""
    order = np.argsort(seconds, kind="stable")
    at, value, line = seconds[order], milli[order], lines[order]
    steps = np.diff(at)
    twice = np.flatnonzero((steps == 0) & (value[1:] != value[:-1]))
    if twice.size:
        later = int(max(line[twice[0]], line[twice[0] + 1]))
        return Problem(later, "twice", "this time stands in the file already, with another temperature")
    known = steps[steps > 0]
    step = int(np.bincount(known).argmax()) if known.size and known.max() < 10 * _DAY else 3600
    if known.size and known.max() >= 10 * _DAY:
        sizes, counts = np.unique(known, return_counts=True)
        step = int(sizes[counts.argmax()])
    if _DAY % step or step % 60:
        return Problem(int(line[0]), "interval", f"the times are {step} seconds apart, which divides no day")
    off = np.flatnonzero(at % step)
    if off.size:
        return Problem(int(line[off[0]]), "interval", f"this time is on no grid of {step // 60} minutes")
    return _days(area, at, value, step)


def _days(area: str, at: npt.NDArray[np.int64], value: npt.NDArray[np.int32], step: int) -> AreaTemperatures:
    days, place = np.unique(at // _DAY, return_inverse=True)
    table = np.full((days.size, _DAY // step), UNKNOWN, dtype=np.int32)
    table[place, (at % _DAY) // step] = value
    return AreaTemperatures(area, days + pd.Timestamp(0).toordinal(), table)


def series_of(table: AreaTemperatures) -> Iterator[tuple[int, float]]:
    """Epoch seconds and degrees of each known value, in order."""
    size = table.millicelsius.shape[1]
    start = (table.days - pd.Timestamp(0).toordinal()) * _DAY
    for day, values in zip(start.tolist(), table.millicelsius.tolist(), strict=True):
        for slot, milli in enumerate(values):
            if milli != UNKNOWN:
                yield day + slot * _DAY // size, milli / 1000
