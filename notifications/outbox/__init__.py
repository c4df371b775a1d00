"""What waits to be sent: put in once for its key, claimed with a lease, settled, told of."""
