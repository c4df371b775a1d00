"""What of a household's use the temperature explains: daily record -> fit -> checks -> the two bills' shares.

A fit that fails a check is not used, and the reason is kept; see ``parting``.
"""
