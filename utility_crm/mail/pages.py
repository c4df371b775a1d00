"""What came in, as people look at it; the public form; and what programs bring."""

from __future__ import annotations

from fastapi import APIRouter

from utility_crm.mail.api import router as api_router
from utility_crm.mail.contact_pages import router as contact_router
from utility_crm.mail.room_pages import router as room_router

router = APIRouter()
router.include_router(api_router)
router.include_router(contact_router)
router.include_router(room_router)
