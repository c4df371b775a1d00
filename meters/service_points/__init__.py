"""A service point as people look at it: what stands there, and what it sent, by day and by interval."""

from meters.service_points.card import ServicePointCard, service_point_card
from meters.service_points.channels import PointChannel
from meters.service_points.day import ChannelDay, Interval, PointDay, day_of
from meters.service_points.strip import DayMark, days_strip

__all__ = [
    "ChannelDay",
    "DayMark",
    "Interval",
    "PointChannel",
    "PointDay",
    "ServicePointCard",
    "day_of",
    "days_strip",
    "service_point_card",
]
