"""Telling other systems what happened here: who listens, how it is sent, what came of it."""
