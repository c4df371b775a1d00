"""A tariff compiled for given days: which key each interval carries, which caps, which rule prices it."""
