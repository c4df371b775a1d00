"""Whom a campaign moves: learned from its arms, held against the chance of leaving, kept, shown."""
