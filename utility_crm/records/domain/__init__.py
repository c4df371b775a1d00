"""What needs neither a store nor a library: amounts and days as people write them, evidence, sums."""
