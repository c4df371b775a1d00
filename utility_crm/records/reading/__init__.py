"""Tables as another system exports them, row by row and in bounded memory: CSV in any encoding, workbooks."""

from utility_crm.records.reading.encodings import ENCODINGS
from utility_crm.records.reading.opening import Opened, open_table

__all__ = ["ENCODINGS", "Opened", "open_table"]
