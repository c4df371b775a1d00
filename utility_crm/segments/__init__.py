"""Facts about customers, by name: what packages know of them that a segment may be made of."""
