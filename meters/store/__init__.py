"""Blocks of a feed into the database: channels found or made, days cut to their time, merged, written."""

from meters.store.rows import DayTable
from meters.store.storing import Stored, lock_feed, store_blocks, store_feed
from meters.store.writing import Judge

__all__ = ["DayTable", "Judge", "Stored", "lock_feed", "store_blocks", "store_feed"]
