"""One random stream a topic, so that adding a draw in one place moves nothing elsewhere."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *topic: object) -> np.random.Generator:
    """A generator that depends on the seed and the topic's words alone."""
    words = hashlib.sha256("/".join(str(part) for part in topic).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(words, dtype=np.uint32).tolist()])
