"""Finds near-duplicates: texts that say the same in almost the same words."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

SHINGLE: Final = 5
SKETCH: Final = 16

_WORD = re.compile(r"\w+")


def sketch(text: str) -> frozenset[bytes]:
    """Return the 16 least hashes of the text's runs of five words: a bottom-k sketch.

    The share of two sketches that is common estimates how alike the texts' sets of runs are. Source: Broder 1997, "On
    the resemblance and containment of documents".
    """
    words = [word.encode("utf-8", "surrogatepass") for word in _WORD.findall(text.lower())]
    runs = {b" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}
    return frozenset(sorted(hashlib.blake2b(run, digest_size=8).digest() for run in runs)[:SKETCH])


def near_duplicates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield pairs of positions whose sketches share half of the smaller one; of many copies, each with the last few."""
    seen: defaultdict[bytes, list[int]] = defaultdict(list)
    sketches = [sketch(text) for text in texts]
    for position, hashes in enumerate(sketches):
        common: defaultdict[int, int] = defaultdict(int)
        for each in hashes:
            for earlier in seen[each][-SKETCH:]:
                common[earlier] += 1
            seen[each].append(position)
        for earlier, count in common.items():
            if 2 * count >= min(len(hashes), len(sketches[earlier])):
                yield earlier, position


def components(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of `count` positions the least position that pairs connect it to."""
    parent = list(range(count))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    for left, right in pairs:
        a, b = root(left), root(right)
        parent[max(a, b)] = min(a, b)
    return [root(position) for position in range(count)]
