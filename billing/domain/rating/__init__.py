"""Plans and readings into lines: bills, quotes, register bills, forecasts, what another tariff would cost."""
