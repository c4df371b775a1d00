"""The page of one feed: four questions, answered in short, and the chosen one in full."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from meters.queries import FeedCard, FeedChannel, ReplacedDay, feed_card, feed_channels, replaced_days

QUESTIONS = ("became", "left", "brought", "replaced")
ROWS = 200


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Everything the template shows. `channels` counts those that stand as the feed brought them."""

    chosen: str
    card: FeedCard
    channels: int
    brought: tuple[FeedChannel, ...]
    replaced: tuple[ReplacedDay, ...] = ()
    rows: int = ROWS

    @property
    def unplaced(self) -> int:
        """How many of the channels shown belong to a service point without a premise."""
        return sum(not one.placed for one in self.brought)


def feed_page(session: Session, feed_id: int, chosen: str) -> FeedPage:
    """The page of a feed; a feed that was refused opens with the reasons. Raises NotFound."""
    card = feed_card(session, feed_id)
    first = "left" if card.row.status == "rejected" else "became"
    channels, brought = feed_channels(session, feed_id, ROWS)
    page = FeedPage(chosen if chosen in QUESTIONS else first, card, channels, tuple(brought))
    if page.chosen != "replaced":
        return page
    return replace(page, replaced=tuple(replaced_days(session, feed_id=feed_id, limit=ROWS)))
