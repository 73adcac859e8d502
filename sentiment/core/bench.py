"""How fast a critic reads on this machine."""

import resource
import time
from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import torch

from sentiment.core.scorer import Scorer

SINGLE_READS = 100
TOGETHER = 256


class Speed(TypedDict):
    """Reviews per second, 256 a call, and milliseconds for one review alone; memory is the process's peak, in MiB."""

    reviews: int
    reviews_per_second: float
    single_p50_ms: float
    single_p95_ms: float
    peak_memory_mib: int
    device: str
    threads: int


def measure(scorer: Scorer, texts: Sequence[str]) -> Speed:
    """Read all texts, then the first hundred one by one. `texts` must not be empty."""
    scorer.warm()
    started = time.perf_counter()
    for start in range(0, len(texts), TOGETHER):
        scorer.predict(texts[start : start + TOGETHER])
    together = time.perf_counter() - started
    alone = []
    for text in texts[:SINGLE_READS]:
        started = time.perf_counter()
        scorer.predict([text])
        alone.append(1000 * (time.perf_counter() - started))
    return Speed(
        reviews=len(texts),
        reviews_per_second=round(len(texts) / together, 1),
        single_p50_ms=round(float(np.percentile(alone, 50)), 1),
        single_p95_ms=round(float(np.percentile(alone, 95)), 1),
        peak_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        device=str(scorer.device),
        threads=torch.get_num_threads(),
    )
