"""One streaming reader a format. A module here with a `FORMAT` is a format: adding one is adding a file.

A reader is pure: bytes in, blocks and problems out. It never opens a path, asks a clock or a database.
"""
