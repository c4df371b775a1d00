"""The pages of ops, and the door of head-ends: a router that is included here is there."""

from fastapi import APIRouter

from meters.pages import (
    exporting,
    feeds,
    findings,
    register_reads,
    service_point,
    silent_csv,
    sources,
    visits,
)
from meters.pushing import api

router = APIRouter()
router.include_router(api.router)
router.include_router(findings.router)
router.include_router(register_reads.router)  # before the page whose address begins alike
router.include_router(service_point.router)
router.include_router(silent_csv.router)
router.include_router(sources.router)
router.include_router(exporting.router)
router.include_router(feeds.router)
router.include_router(visits.router)

__all__ = ["router"]
