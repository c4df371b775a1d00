"""Whom asking moves: rankings of customers held against what arms drawn by lot did. Pure."""
