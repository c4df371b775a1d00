"""One streaming reader a format. A folder here whose package names `FORMATS` is one: adding a format is
adding a folder.

A reader is pure: bytes in, blocks and problems out. It never opens a path, asks a clock or a database.
"""
