"""Why one bill differs from another: effects in minor units that add up to the difference exactly.

sides -> virtual_days -> game (every mixture rated by the same engine) -> shapley -> comparison; on top of it
evidence, words, waterfall, moved_days and the promised document.
"""
