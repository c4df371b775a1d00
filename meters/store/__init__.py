"""Blocks of a feed into the database: channels found or made, days cut to their time, merged, written."""

from meters.store.rows import DayTable
from meters.store.storing import Stored, store_blocks
from meters.store.writing import Judge

__all__ = ["DayTable", "Judge", "Stored", "store_blocks"]
