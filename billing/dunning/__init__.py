"""Dunning: which late accounts hear what next, and what a person orders in the end."""
