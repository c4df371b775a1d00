"""Bringing customers in from a file: read and checked whole, then written whole, or not at all."""
