"""What was probably used where nothing was read: pure functions over one channel's intervals.

`linear` for short gaps, `like_days` for longer ones, `profile` where a channel has no like days of its own;
`scaling` makes estimates add up to what a register counted. `choosing` takes the first that can.
"""
