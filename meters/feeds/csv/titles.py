"""What is wrong with the titles of a table, and what would be right: each a problem that refuses the file,
since a column taken for another is worse than none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from meters.domain.problems import Problem, refusal

_ALIKE = 70
"""Of 100, how like a title in the file must be to the one that was looked for to be proposed."""
_MOST_SHOWN = 30
_DATA = re.compile(r"[\d.,:\-/ T]+")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\s*-\s*\d{1,2}:\d\d(?::\d\d)?)?")
_WANTED = {"starts_at": "the time (starts_at or ends_at)", "value": "the value"}


def plain_title(title: str) -> str:
    """A title as titles are compared.

    >>> plain_title(" Start Time (local)")
    'start_time_local'
    """
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def no_titles(titles: Sequence[str], line: int) -> Problem | None:
    """A first line that holds data, or a table with a column an interval."""
    clocks = sum(_CLOCK.fullmatch(title) is not None for title in titles)
    if clocks >= 24:
        words = (
            f"This table has a column for each of {clocks} times of a day; it has to have a row a reading, "
            "with its time in a column."
        )
        return refusal("wide_table", words, line)
    if any(_DATA.fullmatch(title) for title in titles):
        where = "The first line" if line == 1 else f"Line {line}"
        return refusal("no_titles", f"{where} holds data; it has to name the columns.", line)
    return None


def doubled(titles: Sequence[str], line: int) -> Problem | None:
    """Two columns of one title; columns without one do not matter."""
    for place, title in enumerate(titles):
        if title and title in titles[:place]:
            first = titles.index(title) + 1
            words = (
                f"The title {title[:60]!r} stands over columns {first} and {place + 1}; give each its own."
            )
            return refusal("repeated_title", words, line)
    return None


def absent(field: str, title: str, titles: Sequence[str], line: int) -> Problem:
    """A title that was told, and is not there."""
    found = process.extractOne(
        title,
        [other for other in titles if other],
        scorer=fuzz.ratio,
        processor=plain_title,
        score_cutoff=_ALIKE,
    )
    guess = f" did you mean {found[0]!r}?" if found else ""
    words = f"There is no column {title!r} for {field};{guess} There are: {_shown(titles)}."
    return refusal("no_such_column", words if guess else words.replace("; There", "; there"), line)


def lacking_columns(
    fields: Sequence[str],
    titles: Sequence[str],
    open_titles: Sequence[str],
    known: Mapping[str, Sequence[str]],
    line: int,
) -> Problem:
    """Needed columns that no title is known for; the nearest one is proposed."""
    what = " and ".join(_WANTED[field] for field in fields)
    guesses = [(field, _nearest(field, open_titles, known)) for field in fields]
    near = [
        f"{guess[0]!r} looks like {guess[1]!r} misspelt: put it right, or say "
        f"--columns {field}={_quoted(guess[0])}."
        for field, guess in guesses
        if guess is not None
    ]
    advice = " ".join(near) or f"Name it with --columns {fields[0]}=TITLE."
    return refusal("columns_not_found", f"No column for {what} among: {_shown(titles)}. {advice}", line)


def misspelt(
    fields: Sequence[str], open_titles: Sequence[str], known: Mapping[str, Sequence[str]], line: int
) -> Problem | None:
    """A column nobody asked for whose title is one letter from one that would be read."""
    for field in fields:
        for title in open_titles:
            plain = plain_title(title)
            for right in known[field]:
                if min(len(plain), len(right)) >= 5 and OSA.distance(plain, right, score_cutoff=1) == 1:
                    words = (
                        f"The title {title!r} looks like {right!r} misspelt. Put it right, or say --columns "
                        f"{field}={_quoted(title)}; --columns {field}= if it is something else."
                    )
                    return refusal("misspelt_title", words, line)
    return None


def shifted(
    cells: Sequence[str], titles: Sequence[str], stamp: int, times: Sequence[bool], line: int
) -> Problem | None:
    """Data that do not stand under their titles. `times` says which of the first row's cells are times."""
    extra = len(cells) - len(titles)
    if extra > 0:
        moved = [place - stamp for place in range(len(cells)) if times[place] and place > stamp]
        if moved and not times[stamp]:
            words = (
                f"This line has {len(cells)} fields under {len(titles)} titles, and the time that "
                f"{titles[stamp]!r} announces stands {_columns(moved[0])} further right: there are no titles "
                f"over {_columns(moved[0])} on the left. Give each column a title."
            )
        else:
            words = (
                f"This line has {len(cells)} fields under {len(titles)} titles: "
                f"{'the last has' if extra == 1 else f'the last {extra} have'} none. Give each its title."
            )
        return refusal("shifted_titles", words, line)
    if extra == 0 and not times[stamp] and cells[stamp].strip():
        found = [place for place, is_time in enumerate(times) if is_time]
        if len(found) == 1:
            words = (
                f"Under {titles[stamp]!r} stands {cells[stamp].strip()[:40]!r}, and a time stands under "
                f"{titles[found[0]]!r}: the titles are shifted, or the time is another column (--columns "
                f"starts_at=TITLE)."
            )
            return refusal("shifted_titles", words, line)
    return None


def lower(line: int, above: int) -> Problem:
    """Titles that stand below other lines."""
    what = "another line" if above == 1 else f"{above} other lines"
    words = f"The titles stand in line {line}, below {what}; take out what stands above them."
    return refusal("titles_lower", words, line)


def _nearest(field: str, titles: Sequence[str], known: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """The title most like one known for the field, and that one."""
    fields = ("starts_at", "ends_at") if field == "starts_at" else (field,)
    rights = [right for each in fields for right in known[each] if len(right) > 3]
    best: tuple[float, str, str] | None = None
    for title in titles:
        found = process.extractOne(plain_title(title), rights, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if found is not None and (best is None or found[1] > best[0]):
            best = (found[1], title, found[0])
    return best[1:] if best else None


def _shown(titles: Sequence[str]) -> str:
    shown = ", ".join(title[:60] for title in titles[:_MOST_SHOWN])
    return shown if len(titles) <= _MOST_SHOWN else f"{shown} and {len(titles) - _MOST_SHOWN} more"


def _quoted(title: str) -> str:
    return f'"{title}"' if "," in title else title


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
