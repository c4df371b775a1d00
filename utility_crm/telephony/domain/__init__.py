"""Calls as their events tell them. Pure."""
