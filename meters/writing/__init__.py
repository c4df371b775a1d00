"""One writer a format: the way back from blocks to a file. A module here with a `WRITER` is one; the reader
of the same format must read what it writes to the same totals."""
