"""All pages of the care of tickets."""

from __future__ import annotations

from fastapi import APIRouter

from utility_crm.tickets.care import setting_pages
from utility_crm.tickets.complaints import pages as complaints
from utility_crm.tickets.macros import customer

router = APIRouter()
router.include_router(complaints.router)
router.include_router(setting_pages.router)
router.include_router(customer.router)
