"""How long a call took, in words."""

from __future__ import annotations

from utility_crm.web.words import translator


def long(seconds: int, language: str) -> str:
    """`48 s`, `4 min 12 s`, `1 h 3 min`."""
    _ = translator(language, "utility_crm.telephony")
    minutes, rest = divmod(max(0, seconds), 60)
    if minutes == 0:
        return _("%(seconds)s s", seconds=rest)
    if minutes < 60:
        return _("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest)
    return _("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
