"""Which readings are in, of those that are due: by area, meter and day."""

from meters.completeness.figures import (
    WHOLE,
    AreaDays,
    Completeness,
    LateMeter,
    Share,
    completeness,
    late_meters,
)

__all__ = ["WHOLE", "AreaDays", "Completeness", "LateMeter", "Share", "completeness", "late_meters"]
