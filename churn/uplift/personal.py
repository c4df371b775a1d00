"""Uplift keeps nothing of a customer: what is learned are sums over all of a campaign."""

from __future__ import annotations

from utility_crm.kit.personal import Personal

PERSONAL = Personal(apart={"campaign_uplift": "curves and coefficients over all customers of a campaign"})
