"""Readings that head-ends push: a batch of JSON, taken in as a feed is."""
