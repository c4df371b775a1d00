"""Customer care for energy suppliers: the ground that hosts the other packages."""
