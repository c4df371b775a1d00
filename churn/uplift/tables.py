"""What was learned of whom a campaign moves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class CampaignUplift(Base):
    """The newest that is known of one outcome of a campaign, of all arms together (`arm` is empty) or of one.

    day: as of which it was counted. state: `told`, or `too_few` customers to learn from, of whom `figures`
    then has the counts alone. figures: `churn.uplift.judging.judged`. model: both ways fitted on everybody
    and the facts they ask for, as plain numbers (`churn.domain.uplift.models`).
    """

    __tablename__ = "campaign_uplift"
    __table_args__ = (
        CheckConstraint("outcome in ('taken', 'stayed')", name="outcome"),
        CheckConstraint("arm in ('', 'A', 'B', 'C')", name="arm"),
        CheckConstraint("state in ('told', 'too_few')", name="state"),
    )

    campaign_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    outcome: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    made_at: Mapped[datetime]
    state: Mapped[str]
    figures: Mapped[dict[str, Any]]
    model: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
