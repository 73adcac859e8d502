"""Reads the Large Movie Review Dataset (Maas et al. 2011): its archive, or the folder that it unpacks to."""

import lzma
import re
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Final

from sentiment.core.corpus.data import DataError, Example
from sentiment.core.labels import LABELS

LABEL_OF: Final = {"neg": LABELS.index("negative"), "pos": LABELS.index("positive"), "unsup": None}
_IMDB_ID = re.compile(r"tt[0-9]+")
_REVIEW = re.compile(r"(train|test)/(pos|neg|unsup)/(\d+)_(\d+)\.txt\Z")
_URLS = re.compile(r"(train|test)/urls_(pos|neg|unsup)\.txt\Z")


def read_aclimdb(path: str | PathLike[str]) -> Iterator[Example]:
    """Read an archive of any compression, or a folder, in the order it has its files.

    An example's identity is "train/pos/7", its group the film's IMDb id; the unsupervised have no label and no stars.
    Line <id>+1 of urls_<part>.txt names the film of <id>_<stars>.txt; reviews that come before their list wait for it.
    Raises DataError naming the file, and the line where there is one.
    """
    path = Path(path)
    films: dict[tuple[str, str], list[str]] = {}
    waiting: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    found = False
    for name, content in _folder(path) if path.is_dir() else _archive(path):
        if match := _URLS.search(name):
            kind = (match[1], match[2])
            films[kind] = [_film(line, f"{path}: {name}", n) for n, line in enumerate(content.splitlines(), 1)]
            for review in waiting.pop(kind, []):
                yield _example(kind, films[kind], *review, path)
        elif match := _REVIEW.search(name):
            found, kind = True, (match[1], match[2])
            review = (int(match[3]), int(match[4]), content)
            if kind in films:
                yield _example(kind, films[kind], *review, path)
            else:
                waiting[kind].append(review)
    if not found:
        raise DataError(f"{path} holds no aclImdb reviews (train/pos/<id>_<stars>.txt and so on).")
    if waiting:
        part, polarity = next(iter(waiting))
        raise DataError(
            f"{path} has reviews in {part}/{polarity} but no {part}/urls_{polarity}.txt that names their films."
        )


def _example(kind: tuple[str, str], films: list[str], number: int, stars: int, text: str, path: Path) -> Example:
    part, polarity = kind
    if number >= len(films):
        raise DataError(f"{path}: {part}/urls_{polarity}.txt has no line {number + 1} for {number}_{stars}.txt.")
    return Example(
        text, LABEL_OF[polarity], films[number], stars / 2 if stars else None, identity=f"{part}/{polarity}/{number}"
    )


def _film(line: str, name: str, number: int) -> str:
    if match := _IMDB_ID.search(line):
        return match[0]
    raise DataError(f"{name}, line {number}: no IMDb id in {line[:80]!r}.")


def _folder(path: Path) -> Iterator[tuple[str, str]]:
    names = sorted(path.rglob("*.txt"), key=lambda p: (not p.name.startswith("urls_"), str(p)))
    for name in names:
        try:
            content = name.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{name}: {error}") from None
        yield name.relative_to(path).as_posix() if name.parent != path else f"{path.name}/{name.name}", content


def _archive(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = str(PurePosixPath(member.name))
                if member.isfile() and (_REVIEW.search(name) or _URLS.search(name)):
                    content = archive.extractfile(member)
                    yield name, content.read().decode("utf-8") if content else ""
    except (OSError, EOFError, tarfile.TarError, UnicodeDecodeError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path}: not a readable archive: {error}") from None
