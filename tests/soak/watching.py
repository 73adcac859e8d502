"""Looking at what a running site takes: memory and open files of each process, connections, disk."""

import contextlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scipy.stats import theilslopes

from tests.live import Site
from tests.running.processes import processes

ROLES = {
    "web": "gunicorn",
    "scoring": "--queues=live",
    "training": "--queues=train",
    "beat": " beat ",
    "postgres": "postgres",
    "valkey": "valkey",
    "runner": "textflix.running.runner",
}
"""What a process is, by the first of these words that its command line holds. Any other is a passing one."""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
MEGABYTE = 1_000_000
SMALLEST_GROWTH, SMALLEST_SHARE = 2.0, 0.05
"""Megabytes, files or connections, and share of the median: less is what an allocator does on its own."""
WAVES = {"home MB"}
"""What is written, and taken back, lies on the disk until the database cleans up, in waves longer than a run."""


@dataclass
class Series:
    """One figure over time."""

    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def after(self, start: float) -> "Series":
        """Return what was seen after the warm-up."""
        late = [(at, value) for at, value in zip(self.seconds, self.values, strict=True) if at >= start]
        return Series([at for at, _ in late], [value for _, value in late])

    def growth(self) -> tuple[float, float]:
        """Return by how much it grew from the first to the last value, at the least and most likely.

        The slope is Theil and Sen's, the median of those between all pairs of values, which single peaks do not move;
        "at the least" is the lower end of its 95 % interval.
        """
        slope, _, low, _ = theilslopes(self.values, self.seconds, 0.95)
        span = self.seconds[-1] - self.seconds[0]
        return float(low * span), float(slope * span)

    @property
    def allowed(self) -> float:
        return max(SMALLEST_GROWTH, SMALLEST_SHARE * sorted(self.values)[len(self.values) // 2])


@dataclass
class Watch:
    """What was seen of a site, by name: "web MB", "web files", "connections", "home MB"."""

    site: Site
    started: float = field(default_factory=time.monotonic)
    seen: dict[str, Series] = field(default_factory=lambda: defaultdict(Series))

    def look(self) -> None:
        now = time.monotonic() - self.started
        for name, value in self._figures().items():
            self.seen[name].seconds.append(now)
            self.seen[name].values.append(value)

    def _figures(self) -> dict[str, float]:
        figures: dict[str, float] = defaultdict(float)
        for pid, command in processes(self.site.home).items():
            role = next((role for role, word in ROLES.items() if word in command), "")
            if role:
                with contextlib.suppress(OSError):
                    figures[f"{role} MB"] += own_memory(pid)
                    figures[f"{role} files"] += len(os.listdir(f"/proc/{pid}/fd"))
        with contextlib.suppress(Exception):
            figures["connections"] = self.site.one(CONNECTIONS)
        figures["home MB"] = on_disk(self.site.home)
        return figures

    def table(self, warm: float) -> str:
        lines = [f"{'figure':<15} {'first':>8} {'warm':>8} {'last':>8} {'most':>8} {'grew':>8} {'at least':>9}"]
        for name, series in sorted(self.seen.items()):
            late = series.after(warm)
            low, likely = late.growth() if len(late.values) > 2 else (0.0, 0.0)
            first, begun, last = series.values[0], late.values[0] if late.values else 0.0, series.values[-1]
            lines.append(
                f"{name:<15} {first:>8.1f} {begun:>8.1f} {last:>8.1f} {max(series.values):>8.1f}"
                f" {likely:>+8.1f} {low:>+9.1f}"
            )
        return "\n".join(lines)

    def grown(self, warm: float) -> dict[str, float]:
        """Return by how many megabytes, or files, or connections, what grew beyond noise did so after the warm-up."""
        found = {}
        for name, series in self.seen.items():
            late = series.after(warm)
            if name not in WAVES and len(late.values) > 2 and (low := late.growth()[0]) > late.allowed:
                found[name] = low
        return found


def own_memory(pid: int) -> float:
    """Return the megabytes that a process has to itself, its part of what it shares, and without the database's cache.

    Postgres fills its shared buffers once, which is no leak: so pages that lie in files and shared memory are left out.
    """
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"Pss_Anon:\s+(\d+) kB", text)[1]) * 1024 / MEGABYTE


def on_disk(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_blocks * 512
    return total / MEGABYTE


def every(seconds: float, look: Callable[[], None], until: float) -> None:
    """Look again and again until then."""
    while time.monotonic() < until:
        look()
        time.sleep(min(seconds, max(0.0, until - time.monotonic())))
