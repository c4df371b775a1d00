"""Dunning as data: which step an account is due, or why none. Pure."""
