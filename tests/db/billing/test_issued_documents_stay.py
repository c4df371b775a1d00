"""What the database itself refuses, whoever asks: another ledger, another credit note, a bill twice."""

from __future__ import annotations
