"""One derived seed per random choice, so that no result depends on what ran before it."""

import hashlib


def derive(base_seed: int, *names: object) -> int:
    """Return a 63-bit seed: sha256 of the base seed and the names of what is drawn."""
    text = "\x1f".join([str(base_seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def make_deterministic(seed: int) -> None:
    """Seed torch, NumPy and Python, and forbid algorithms whose result varies from run to run.

    Every process computes with one thread: sums then never depend on how many cells run side by
    side, and two processes of one thread outrun one process of two.
    """
    import os
    import random

    import numpy as np
    import torch
    from threadpoolctl import threadpool_limits

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(1)
    threadpool_limits(limits=1)  # the same for numpy's, scipy's and scikit-learn's own threads
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_deterministic_debug_mode("error")  # unlike its sibling, it does not load Inductor
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - for a user's model; ours draw from neither
    random.seed(seed)
