"""Measures what a worker costs, in a process of its own: the time of its first verdict, and its memory.

python -m sentiment.core.measuring.worker_cost CHECKPOINT ENGINE <texts.json; it is `bench` that calls it.
"""

import json
import re
import sys
import time
from pathlib import Path

from sentiment.core.critic.scorer import Scorer


def main() -> None:
    """Print the time of the first verdict (seconds since the epoch) and the memory (KiB, on Linux) as JSON.

    The memory twice: at its peak, and before the critic is loaded, which is the libraries' own and differs by build.
    """
    folder, engine = sys.argv[1:]
    texts = json.load(sys.stdin)
    imported = _kib("VmRSS")
    scorer = Scorer.load(folder, engine=engine)
    scorer.predict(texts[:1])
    first = time.time()
    scorer.predict(texts)
    print(json.dumps({"first": first, "imported_kib": imported, "peak_kib": _kib("VmHWM")}))


def _kib(name: str) -> int | None:
    # Not getrusage: what that says is inherited from the process that started this one.
    status = Path("/proc/self/status")
    found = re.search(rf"^{name}:\s*(\d+) kB$", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) if found else None


if __name__ == "__main__":
    main()
