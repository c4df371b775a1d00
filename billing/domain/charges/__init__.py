"""One small file a charge: its frozen type, how it is read from JSON, and its own arithmetic.

A further charge is one more file here, one more member of ``domain.tariffs.tariff.Charge`` and one more step
in ``domain.rating.pricing``.
"""
