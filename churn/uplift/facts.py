"""What uplift knows of everybody that segments may be made of: whom an offer that was tried would move."""

from __future__ import annotations

from typing import Final

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

MOVED_BY: Final = "moved_by"
"""How many more of a hundred like them are won by asking; its parameter is the campaign's code."""
MOST: Final = 8
"""Of so many campaigns, the newest."""

OFFER_SAVING: Final = "offer_saving"
"""A fact of the models: what a year on the offered tariff would have saved, as it was kept at the draw."""

WORTHY: Final = """
    select w.* from (
        select distinct on (c.id) c.id as campaign_id, c.code, c.name, c.tariff_id,
               u.day, u.made_at, u.model, u.figures
        from campaign_uplift u join campaigns c on c.id = u.campaign_id
        where u.arm = '' and u.state = 'told'
        order by c.id, u.outcome = case c.kind when 'retention' then 'stayed' else 'taken' end desc
    ) w
    where w.figures #>> '{rankings,two_model,qini,held}' = 'better'
"""
"""SQL of campaigns whose ranking by two models was better than asking at random, of the outcome that their
page shows: what they are for, else the other one where only that can be told."""

FACTS = (
    FactOffer(
        MOVED_BY,
        mark("Won by asking"),
        "number",
        stored=True,
        unit=mark("more of 100"),
        parameters=f"select code, code || ', ' || name from ({WORTHY}) w order by day desc, code "
        f"limit {MOST}",
        about=mark("as in campaign"),
    ),
)
