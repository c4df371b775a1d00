"""Why an issued bill differs from another: the stored bills and their readings brought to the domain's
comparison."""

from billing.explaining.document import EffectRow, ExplanationDocument, SupplyWeather
from billing.explaining.explained import Explained
from billing.explaining.loading import explain_bill, of_readings_alone, read_both

__all__ = [
    "EffectRow",
    "Explained",
    "ExplanationDocument",
    "SupplyWeather",
    "explain_bill",
    "of_readings_alone",
    "read_both",
]
