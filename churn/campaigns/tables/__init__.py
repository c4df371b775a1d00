"""Campaigns, their arms, who was drawn into which, what was answered, how it stood, and what was judged."""

from churn.campaigns.tables.drawn import CampaignMember, LoyaltyPoint
from churn.campaigns.tables.kept import CampaignCounts, CampaignDay, CampaignEvent, CampaignVerdict
from churn.campaigns.tables.planned import Campaign, CampaignArm, CampaignKey

__all__ = [
    "Campaign",
    "CampaignArm",
    "CampaignCounts",
    "CampaignDay",
    "CampaignEvent",
    "CampaignKey",
    "CampaignMember",
    "CampaignVerdict",
    "LoyaltyPoint",
]
