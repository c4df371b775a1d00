"""Rules that doubt readings: one small pure function a rule, over many days at once.

A rule gets `Days` and what is known of each row's channel (arrays as long as the rows), and returns `Hits`.
`rulebook` says which rules a segment has and with which numbers; `quick` applies those that need no
neighbouring days.
"""
