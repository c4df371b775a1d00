"""What happens here and others want to hear of, kept in the transaction in which it happens. A room of its
own, low, so that every package may announce; `utility_crm.webhooks` sends it."""
