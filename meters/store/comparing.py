"""What a feed says against what is known: parts of days laid over it, and what is new, other or the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.store.digests import stored_digests
from meters.store.known import Known, known_days
from meters.store.rows import BoolArray, DayTable, with_one_code


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Days that are `new`, and `changed` ones; how many are the `same`. `misfits`: parts of days that are
    known at another length, with the known number of intervals."""

    new: Sequence[DayTable]
    changed: Sequence[DayTable]
    same: int
    misfits: Sequence[tuple[DayTable, IntArray]]


def compared(session: Session, tables: Sequence[DayTable], by_digest: bool) -> Compared:
    """Every day as it will stand, by what is to be done about it. Their channels must be locked.

    `by_digest`: whole days are compared by digests (see `meters.store.digests`), else by their readings.
    """
    whole, partial = list[DayTable](), list[DayTable]()
    for table in tables:
        complete = np.logical_and.reduce(table.spoken, axis=1)
        whole += [table.chosen(complete)] if complete.any() else []
        partial += [table.chosen(~complete)] if not complete.all() else []
    misfits = list[tuple[DayTable, IntArray]]()
    known = known_days(session, partial if by_digest else [*whole, *partial])
    merged = [made for table in partial for made in _laid_over(table, known, misfits)]
    found = [(table, *_known_and_alike(table, known)) for table in merged]
    if by_digest:
        digests = stored_digests(session, whole)
        found += [(table, *digests.known_and_alike(table)) for table in whole]
    else:
        found += [(table, *_known_and_alike(table, known)) for table in whole]
    return Compared(
        [table.chosen(~there) for table, there, _alike in found if not there.all()],
        [table.chosen(there & ~alike) for table, there, alike in found if (there & ~alike).any()],
        sum(int(np.count_nonzero(alike)) for _table, _there, alike in found),
        misfits,
    )


def _laid_over(
    partial: DayTable, known: Known, misfits: list[tuple[DayTable, IntArray]]
) -> Iterator[DayTable]:
    """Parts of days made whole with what is known of them."""
    place = known.places(partial.key)
    size = known.size[place] if known.size.size else place
    fits = (place < 0) | (size == partial.size)
    if not fits.all():
        misfits.append((partial.chosen(~fits), size[~fits]))
    if not fits.any():
        return
    partial, place = partial.chosen(fits), place[fits]
    micro = np.full(partial.micro.shape, MISSING, dtype=np.int64)
    codes = np.zeros(partial.micro.shape, dtype=np.uint8)
    for number, group in enumerate(known.groups):
        mine = _in_group(known, place, number)
        if mine.size:
            rows = known.row[place[mine]]
            micro[mine] = group.micro[rows]
            codes[mine] = group.quality[rows][:, None] if group.codes is None else group.codes[rows]
    merged = replace(partial, micro=np.where(partial.spoken, partial.micro, micro))
    yield from with_one_code(merged, np.where(partial.spoken, partial.all_codes(), codes).astype(np.uint8))


def _known_and_alike(table: DayTable, known: Known) -> tuple[BoolArray, BoolArray]:
    """Which rows are stored at all, and which in the same words."""
    place = known.places(table.key)
    alike = np.zeros(place.size, dtype=np.bool_)
    for number, group in enumerate(known.groups):
        if group.size != table.size or (group.codes is None) != (table.codes is None):
            continue
        mine = _in_group(known, place, number)
        rows = known.row[place[mine]]
        same = (table.micro[mine] == group.micro[rows]).all(axis=1)
        if table.codes is None or group.codes is None:
            same &= table.quality[mine] == group.quality[rows]
        else:
            same &= (table.codes[mine] == group.codes[rows]).all(axis=1)
        alike[mine] = same
    return place >= 0, alike


def _in_group(known: Known, place: IntArray, number: int) -> IntArray:
    """Which of the places are in a group."""
    if not known.key.size:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero((place >= 0) & (known.group[place] == number))
