"""Reports how far long work has come: to whoever asks, or as a bar on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Progress = Callable[[float, str], None]
"""Is told the fraction done, and what is going on."""


def part_of(report: Progress, low: float, high: float) -> Progress:
    """Make a progress that runs from 0 to 1 fill the part from `low` to `high` of another."""
    return lambda fraction, message: report(low + (high - low) * fraction, message)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar on a terminal, and nothing elsewhere."""
    # `disable=None` is tqdm's way to keep quiet where stderr is not a terminal.
    with tqdm(total=1.0, disable=None, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {desc}") as bar:

        def progress(fraction: float, message: str) -> None:
            bar.set_description_str(message, refresh=False)
            bar.update(fraction - bar.n)

        yield progress
