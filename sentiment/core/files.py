"""Writes files and folders that appear whole or not at all: filled under another name, then renamed.

What is being written is called `.NAME.<uuid>.partial` and lies beside its place, where a rename is a single step and no
other writer of the same is met. Only a process that is killed leaves it behind.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

PARTIAL: Final = ".partial"
"""How the names of what is not whole yet end."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which takes the place of `path` once the block ends, and is removed where it fails.

    Until then, even through a crash or loss of power, `path` is what it was; from then on it is the new file. Of
    several who write it at once, who ends last stays. Its folder must exist. Raises OSError.
    """
    partial = _beside(path)
    try:
        with partial.open("xb") as handle:
            yield handle
        sync(partial)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `path` once the block ends, and is removed where it fails.

    Until then, even through a crash or loss of power, `path` is what it was: an empty folder, or not there; from then
    on it holds everything. The folder around it must exist. Raises OSError, also where `path` is anything else.
    """
    partial = _beside(path)
    try:
        partial.mkdir()
        yield partial
        for inside in [*partial.rglob("*"), partial]:
            sync(inside)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sync(path: Path) -> None:
    """Make what a file holds, or what was put into a folder or moved there, outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL}")
