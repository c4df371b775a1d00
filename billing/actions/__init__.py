"""What billing does, a function a use case. None of them commits: the edge does."""
