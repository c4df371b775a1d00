"""Campaigns without a store: who falls into which group, what could be seen, and what was seen."""
