"""Blocks of a feed into the database: channels found or made, days cut to their time, merged, written."""

from meters.store.storing import Stored, store_blocks

__all__ = ["Stored", "store_blocks"]
