"""What the clock calls."""

from __future__ import annotations

from utility_crm.kit.module import Job
from utility_crm.live.actions import forget_pushes
from utility_crm.web.words import mark

JOBS = (Job("live.forget", 300, forget_pushes, mark("Forget what open pages were told")),)
