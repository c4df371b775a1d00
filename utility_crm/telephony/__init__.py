"""The telephone: who rings, whose page opens, what became of each call; calling by a click."""
