"""What another tariff would cost: one account over its own bills, or the whole base over a year."""
