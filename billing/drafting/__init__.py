"""Bills before they are issued: what the engine makes of supplies and their readings.

Everything is loaded first, then rated in one pass for all supplies that share tariff, zone and days, then
folded into one bill an account. A missing half-hour is never zero: it is filled by the rule, or the account
is held.
"""

from billing.drafting.draft import draft_accounts, draft_bills
from billing.drafting.parts import Draft, Drafted, Fill, Hold, RatedSupply

__all__ = ["Draft", "Drafted", "Fill", "Hold", "RatedSupply", "draft_accounts", "draft_bills"]
