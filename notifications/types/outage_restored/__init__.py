"""The supply is back, and how long it was gone."""

from notifications.types.of_incidents import incident_type
from utility_crm.web.words import mark

TYPE = incident_type("outage_restored", mark("Outage: over"), ends=True)
