"""Encodes texts as batches of token ids, and keeps where in the author's text each token starts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from sentiment.core.text import clean

Offsets = npt.NDArray[np.int64]

CPU_TOKENS: Final = 1024
CUDA_TOKENS: Final = 65536
MASKS: Final = ("[MASK]", "<mask>")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as token ids. Of its own tokens the first `head` and the last `tail` are in `ids`, the middle is not.

    `ids` holds the special tokens too; own[i] tells which ids are the text's own. `starts` has one offset into the
    author's text for every own token, those of the middle included.
    """

    ids: Offsets
    own: npt.NDArray[np.bool_]
    starts: Offsets
    head: int
    tail: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded texts, each tensor [texts, tokens]: ids, what is not padding, and what is the texts' own."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    own: torch.Tensor


class TextEncoder:
    """The base's tokenizer, cutting long texts to their head and tail (Sun et al. 2019, arXiv:1905.05583, 5.3.1).

    `max_tokens` counts the special tokens; `head_share` of the room goes to the head, the rest to the tail.
    """

    def __init__(self, folder: Path, max_tokens: int = 256, head_share: float = 0.5, pad_id: int = 0) -> None:
        """Read tokenizer.json in `folder`. `pad_id` is the model's own: some derive token positions from it."""
        self.max_tokens = max_tokens
        self.head_share = head_share
        self.pad_id = pad_id
        self._file = folder / "tokenizer.json"
        self._tokenizer = Tokenizer.from_file(str(self._file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._before, self._after = self._special_ids()
        if max_tokens <= len(self._before) + len(self._after) + 1:
            raise ValueError(f"max_tokens={max_tokens} leaves no room for a head and a tail.")

    def _special_ids(self) -> tuple[list[int], list[int]]:
        probe = self._tokenizer.encode("a")
        own = [i for i, special in enumerate(probe.special_tokens_mask) if not special]
        return probe.ids[: own[0]], probe.ids[own[-1] + 1 :]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts in one call of the tokenizer; any text will do, the empty one has no tokens of its own."""
        cleaned = [clean(text) for text in texts]
        encodings = self._tokenizer.encode_batch([c.text for c in cleaned], add_special_tokens=False)
        return [
            self._cut(np.asarray(encoding.ids, dtype=np.int64), _starts(encoding.offsets, c.starts))
            for encoding, c in zip(encodings, cleaned, strict=True)
        ]

    def reads_as(self, other: "TextEncoder") -> bool:
        """Whether another cuts every text into the same tokens."""
        ways = [(each._file, each.max_tokens, each.head_share, each.pad_id) for each in (self, other)]
        return ways[0] == ways[1]

    def pieces(self, texts: Sequence[str]) -> list[Encoded]:
        """Join texts, in one call of the tokenizer, and cut what comes of it into pieces of full length.

        Between two texts stands what ends one. What is left at the end is dropped; no token knows where it came from.
        """
        found = self._tokenizer.encode_batch([clean(text).text for text in texts], add_special_tokens=False)
        room = self.max_tokens - len(self._before) - len(self._after)
        stream = np.concatenate([np.asarray([*each.ids, *self._after], dtype=np.int64) for each in found])
        return [
            self._cut(piece, np.empty(0, dtype=np.int64))
            for piece in stream[: len(stream) // room * room].reshape(-1, room)
        ]

    @property
    def mask_id(self) -> int | None:
        """The id of the mask token, which stands for a hidden one; None where the tokenizer has none."""
        return next((found for name in MASKS if (found := self._tokenizer.token_to_id(name)) is not None), None)

    def _cut(self, ids: Offsets, starts: Offsets) -> Encoded:
        room = self.max_tokens - len(self._before) - len(self._after)
        head, tail = len(ids), 0
        if len(ids) > room:
            head = round(room * self.head_share)
            tail = room - head
        kept = np.concatenate([self._before, ids[:head], ids[len(ids) - tail :], self._after]).astype(np.int64)
        own = np.ones(len(kept), dtype=np.bool_)
        own[: len(self._before)] = False
        own[len(kept) - len(self._after) :] = False
        return Encoded(kept, own, starts, head, tail)

    def collate(self, encoded: Sequence[Encoded], device: torch.device | str = "cpu") -> Batch:
        """Pad texts to the longest of them."""
        shape = (len(encoded), max(len(e.ids) for e in encoded))
        ids = np.full(shape, self.pad_id, dtype=np.int64)
        attended = np.zeros(shape, dtype=np.int64)
        own = np.zeros(shape, dtype=np.bool_)
        for row, e in enumerate(encoded):
            ids[row, : len(e.ids)] = e.ids
            attended[row, : len(e.ids)] = 1
            own[row, : len(e.ids)] = e.own
        return Batch(*(_moved(torch.from_numpy(array), torch.device(device)) for array in (ids, attended, own)))


def _moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    # From pinned memory a copy waits its turn on the GPU while the next steps are being launched.
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _starts(offsets: Sequence[tuple[int, int]], origin: Sequence[int]) -> Offsets:
    return np.asarray([origin[start] for start, _ in offsets], dtype=np.int64)


def token_budget(device: torch.device) -> int:
    """Return how many tokens, padding included, a batch on `device` should hold: few fit a CPU's caches best."""
    return CUDA_TOKENS if device.type == "cuda" else CPU_TOKENS


def length_sorted_batches(encoded: Sequence[Encoded], budget: int) -> Iterator[list[int]]:
    """Yield positions of texts of like length, each batch at most `budget` tokens, padding included.

    A text longer than the budget makes a batch of its own. The longest come first: what is left at the end is short.
    """
    batch: list[int] = []
    width = 0
    for position in sorted(range(len(encoded)), key=lambda i: -len(encoded[i].ids)):
        if batch and width * (len(batch) + 1) > budget:
            yield batch
            batch = []
        width = width if batch else len(encoded[position].ids)
        batch.append(position)
    if batch:
        yield batch
