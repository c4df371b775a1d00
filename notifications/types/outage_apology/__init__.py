"""There was no outage at their place: it was told by mistake."""

from notifications.types.of_incidents import incident_type
from utility_crm.web.words import mark

TYPE = incident_type("outage_apology", mark("Outage: told by mistake"))
