"""What a person should see before a bill goes out: a rule a file, over the figures of one draft."""

from billing.domain.gate.book import RULES, GateBook, Setting
from billing.domain.gate.figures import Earlier, Figures
from billing.domain.gate.release import covers
from billing.domain.gate.verdicts import verdicts

__all__ = ["RULES", "Earlier", "Figures", "GateBook", "Setting", "covers", "verdicts"]
