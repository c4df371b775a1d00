"""The supply is expected back at another time than was said, or nobody knows when."""

from notifications.types.of_incidents import incident_type
from utility_crm.web.words import mark

TYPE = incident_type("outage_time_changed", mark("Outage: another time"))
