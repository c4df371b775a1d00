"""Which readings are in, of those that are due: by area, meter and day.

Feeds are counted after they came (`refresh`), and pages read what was counted: no page opens an array to see
what is missing from it.
"""

from meters.completeness.figures import WHOLE, AreaDays, Completeness, Share
from meters.completeness.queries import LateMeter, completeness, late_meters
from meters.completeness.refreshing import recount, refresh
from meters.completeness.silence import SPELLS, SilentMeter, silent_areas, silent_meters

__all__ = [
    "SPELLS",
    "WHOLE",
    "AreaDays",
    "Completeness",
    "LateMeter",
    "Share",
    "SilentMeter",
    "completeness",
    "late_meters",
    "recount",
    "refresh",
    "silent_areas",
    "silent_meters",
]
