"""The telephone's pages and its door for machines."""

from fastapi import APIRouter

from utility_crm.telephony import api, pages

router = APIRouter()
router.include_router(api.router)
router.include_router(pages.router)
