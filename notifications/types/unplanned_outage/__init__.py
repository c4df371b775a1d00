"""The supply is off, and nobody planned it: where, since when, and until when if that is known."""

from notifications.types.of_incidents import incident_type
from utility_crm.web.words import mark

TYPE = incident_type("unplanned_outage", mark("Outage"))
