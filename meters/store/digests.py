"""Whether days are stored in the same words, by 64-bit digests that the server makes of its arrays and this
module of ours.

To find a day unchanged, its readings need not come out of the database: `hash_array_extended(micro, 0)` of
PostgreSQL (arrayfuncs.c, hashfn.c: Bob Jenkins' lookup3 over each element, times 31) is made here in numpy
just as well. Two different days share a digest once in 10^19. The server is asked first whether it still
makes digests that way; where it does not, the readings themselves are compared (`meters.store.known`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality
from meters.store.known import asked_stretches
from meters.store.rows import BoolArray, DayTable, keys
from utility_crm.kit.driver import driver_cursor

_PROBE = np.array([[0, 1, -1, 2**31, 2**32 + 5, -(2**40), 10**15, MISSING]], dtype=np.int64)
_ASK = "select hash_array_extended(%s::bigint[], 0), hash_array_extended(%s::smallint[], 0)"

_DIGESTS = """
select array_agg(b.channel_id), array_agg(b.day - date '0001-01-01' + 1), array_agg(cardinality(b.micro)),
       array_agg(coalesce(b.quality, -1::smallint)), array_agg(hash_array_extended(b.micro, 0)),
       array_agg(coalesce(hash_array_extended(b.qualities, 0), 0))
from unnest(%(channels)s::bigint[], %(firsts)s::date[], %(lasts)s::date[]) as asked(channel, first, last)
cross join lateral (
    select * from blocks
    where channel_id = asked.channel and day between asked.first and asked.last
      and day between %(first)s::date and %(last)s::date
    offset 0
) b
"""

_START = 0x9E3779B9 + 4 + 3923095
_AT_ONCE = 2**16
"""Values hashed at a time: their words stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Digests:
    """Of stored days, by key (rising). size: intervals; quality: the one code, -1 where there are several;
    micro, qualities: digests, int64 (k,)."""

    key: IntArray
    size: IntArray
    quality: IntArray
    micro: IntArray
    qualities: IntArray

    def known_and_alike(self, table: DayTable) -> tuple[BoolArray, BoolArray]:
        """Which rows of a table of whole days are stored at all, and which in the same words."""
        if not self.key.size:
            none = np.zeros(table.day.size, dtype=np.bool_)
            return none, none
        place = np.minimum(np.searchsorted(self.key, table.key), self.key.size - 1)
        known: BoolArray = self.key[place] == table.key
        alike = known & (self.size[place] == table.size) & (self.quality[place] == table.quality)
        rows = np.flatnonzero(alike)
        some = table if rows.size == alike.size else table.ordered(rows)
        same = self.micro[place[rows]] == digest_of(some.micro)
        if some.codes is not None:
            same &= self.qualities[place[rows]] == digest_of(some.codes.astype(np.int64))
        alike[rows] = same
        return known, alike


def digests_agree(session: Session) -> bool:
    """Whether the server makes digests as this module does."""
    small = np.arange(len(Quality), dtype=np.int64)[None, :]
    ours = [int(digest_of(_PROBE)[0]), int(digest_of(small)[0])]
    probe = [None if value == MISSING else value for value in _PROBE[0].tolist()]
    with driver_cursor(session) as cursor:
        theirs = cursor.execute(_ASK, (probe, small[0].tolist())).fetchone()
    return theirs is not None and ours == list(theirs)


def stored_digests(session: Session, tables: Sequence[DayTable]) -> Digests:
    """Of the tables' channels and days, and perhaps some between. Their channels must be locked."""
    asked = asked_stretches(tables)
    none = np.zeros(0, dtype=np.int64)
    if asked is None:
        return Digests(none, none, none, none, none)
    with driver_cursor(session, binary=True) as cursor:
        row = cursor.execute(_DIGESTS, asked).fetchone()
    if row is None or row[0] is None:
        return Digests(none, none, none, none, none)
    channel, day, *columns = (np.array(column, dtype=np.int64) for column in row)
    key = keys(channel, day)
    order = np.argsort(key)
    return Digests(key[order], *(column[order] for column in columns))


def digest_of(values: IntArray) -> IntArray:
    """The digest of each row, (r,), of values (r, n); the server has NULL where they are MISSING."""
    rows, size = values.shape
    powers = np.array([pow(31, size - 1 - place, 2**64) for place in range(size)], dtype=np.uint64)
    made = np.empty(rows, dtype=np.uint64)
    step = max(1, _AT_ONCE // size)
    for start in range(0, rows, step):
        part = slice(start, start + step)
        hashed = _hashed(values[part])
        missing = values[part] == MISSING
        if missing.any():
            hashed[missing] = 0
        made[part] = (hashed * powers).sum(axis=1, dtype=np.uint64)
    return (made + np.uint64(pow(31, size, 2**64))).view(np.int64)


def _hashed(values: IntArray) -> npt.NDArray[np.uint64]:
    """hashint8extended with seed 0: the two halves folded into one word, which is mixed."""
    words = values.astype("<i8").view("<u4").reshape(*values.shape, 2)
    high = words[..., 1]
    folded = words[..., 0] ^ np.where(values < 0, ~high, high)
    b, c = _START & 0xFFFFFFFF, 0
    c = (c - _turned_number(b, 14)) & 0xFFFFFFFF
    a = ((folded + np.uint32(b)) ^ np.uint32(c)) - np.uint32(_turned_number(c, 11))
    second = (np.uint32(b) ^ a) - _turned(a, 25)
    third = (np.uint32(c) ^ second) - _turned(second, 16)
    a = (a ^ third) - _turned(third, 4)
    second = (second ^ a) - _turned(a, 14)
    third = (third ^ second) - _turned(second, 24)
    return (second.astype(np.uint64) << np.uint64(32)) | third


def _turned(words: npt.NDArray[np.uint32], places: int) -> npt.NDArray[np.uint32]:
    return (words << np.uint32(places)) | (words >> np.uint32(32 - places))


def _turned_number(word: int, places: int) -> int:
    return ((word << places) | (word >> (32 - places))) & 0xFFFFFFFF
