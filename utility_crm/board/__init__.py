"""The supervisor's board: what waits, which promises break, who is on what, how today is going."""
