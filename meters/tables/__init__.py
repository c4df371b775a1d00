"""The rows of the meters' package; a file a subject."""

from meters.tables.balance import EnergyBalance, NodeMeter
from meters.tables.completeness import ChannelSpan, CompletenessDay, FeedSource, OddDay
from meters.tables.findings import ChannelLimit, ChannelProfile, Finding, ValidationRule
from meters.tables.places import Meter, ServicePoint
from meters.tables.profiles import FeedProfile
from meters.tables.readings import Block, BlockHistory, BlockRemark, Channel, Feed
from meters.tables.registers import (
    Consumption,
    ConsumptionHistory,
    Register,
    RegisterRead,
    RegisterReadHistory,
)

__all__ = [
    "Block",
    "BlockHistory",
    "BlockRemark",
    "Channel",
    "ChannelLimit",
    "ChannelProfile",
    "ChannelSpan",
    "CompletenessDay",
    "Consumption",
    "ConsumptionHistory",
    "EnergyBalance",
    "Feed",
    "FeedProfile",
    "FeedSource",
    "Finding",
    "Meter",
    "NodeMeter",
    "OddDay",
    "Register",
    "RegisterRead",
    "RegisterReadHistory",
    "ServicePoint",
    "ValidationRule",
]
