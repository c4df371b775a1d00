"""Who looked at and changed what: the audit log, for those who answer for it."""
