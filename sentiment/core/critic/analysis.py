"""Turns what networks made of tokens into sentences, mentions and marks, in this process or shared out over several.

A GPU reads several times as many reviews a second as one interpreter can analyse. The processes know nothing of the
critic and never import torch.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from subprocess import DEVNULL, Popen
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from sentiment.core.critic import marks
from sentiment.core.critic.annotations import Annotations, by_sentence, owners
from sentiment.core.critic.aspects import TokenLogits
from sentiment.core.critic.evidence import Sentence, sentence_shares
from sentiment.core.critic.marks import Mark
from sentiment.core.critic.mentions import Mention, find_mentions
from sentiment.core.text import sentence_spans
from sentiment.core.words.judging import Judged, judge

CHUNK: Final = 32
"""How many texts go to a process at once: some forty milliseconds of work."""

_ROOT: Final = Path(__file__).parents[3]
# Not multiprocessing's own way to start a process: that runs the caller's main module again, which may import torch.
_WORK: Final = "import sys; from sentiment.core.critic import analysis; analysis.work(int(sys.argv[1]))"


class Notes(NamedTuple):
    """What an annotator made of those of a text's tokens that it read: `outputs` [tokens, OUTPUTS].

    `starts` are the offsets of all its own tokens, of which the first `head` and the last `tail` were read.
    """

    starts: npt.NDArray[np.integer]
    head: int
    tail: int
    outputs: npt.NDArray[np.floating]


class Passage(NamedTuple):
    """A text, the critic's probability of positive, the contributions of what it read, and an annotator's notes.

    `starts`, `head` and `tail` are as in Notes; `contributions` are those of what was read.
    """

    text: str
    critic: float
    starts: npt.NDArray[np.integer]
    head: int
    tail: int
    contributions: npt.NDArray[np.floating]
    notes: Notes | None


class Analysis(NamedTuple):
    """A text's verdict, its sentences, what they judge, and where there was an annotator what is and may be marked."""

    judged: Judged
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    marks: tuple[Mark, ...]
    ranked: tuple[Mark, ...]


def analyse(passages: Sequence[Passage], bias: float, temperature: float) -> list[Analysis]:
    """Return the analysis of each text; `bias` and `temperature` are the critic's."""
    return [_analysis(passage, bias, temperature) for passage in passages]


def _analysis(passage: Passage, bias: float, temperature: float) -> Analysis:
    text, critic, starts, head, tail, contributions, notes = passage
    judged, spans = judge(text, critic), sentence_spans(text)
    sentences = sentence_shares(spans, starts, head, tail, contributions)
    annotations = annotated(notes, spans) if notes else None
    tokens = TokenLogits.of(starts, head, tail, contributions, bias, temperature)
    mentions = find_mentions(text, sentences, tokens, annotations)
    ranked = marks.rank(sentences, mentions, judged.positive, annotations) if annotations else ()
    return Analysis(judged, sentences, mentions, marks.choose(ranked, sentences, judged.positive), ranked)


def annotated(notes: Notes, spans: Sequence[tuple[int, int]]) -> Annotations:
    """Return what the notes on a text say of its sentences, which are at `spans`."""
    return by_sentence(notes.outputs, owners(spans, notes.starts, notes.head, notes.tail), len(spans))


class Analysts:
    """Analyses passages in the calling thread; once started, in `count` processes, which end with the `with` block."""

    def __init__(self, count: int) -> None:
        """Note how many processes `start` is to start."""
        self.count = count
        self._processes: list[Popen[bytes]] = []
        self._connections: list[Connection] = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.wait()

    def start(self) -> None:
        """Start the processes, unless they run already or there are to be none."""
        if not self.count or self._threads:
            return
        for _ in range(self.count):
            self._start_one()
        self._threads = ThreadPoolExecutor(self.count)

    def _start_one(self) -> None:
        ours, theirs = Pipe()
        self._connections.append(ours)
        with theirs:
            self._processes.append(
                Popen(
                    [sys.executable, "-c", _WORK, str(theirs.fileno())],
                    cwd=_ROOT,
                    env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                    stdin=DEVNULL,
                    pass_fds=[theirs.fileno()],
                    # Ctrl-C is for the caller, who ends these.
                    start_new_session=True,
                )
            )
        self._idle.put(ours)

    def analyse(self, passages: Sequence[Passage], bias: float, temperature: float) -> Iterator[Analysis]:
        """Yield what `analyse` returns. Processes begin at once; the iterator waits for them."""
        if not self._threads:
            return iter(analyse(passages, bias, temperature))
        chunks = [passages[i : i + CHUNK] for i in range(0, len(passages), CHUNK)]
        return chain.from_iterable(self._threads.map(self._ask, chunks, repeat(bias), repeat(temperature)))

    def _ask(self, passages: Sequence[Passage], bias: float, temperature: float) -> list[Analysis]:
        connection = self._idle.get()
        try:
            connection.send((passages, bias, temperature))
            answer: list[Analysis] = connection.recv()
            return answer
        except (EOFError, OSError) as error:
            raise RuntimeError("A process that analyses reviews ended before its time.") from error
        finally:
            # A broken one, too: whoever waits for one must not wait for ever.
            self._idle.put(connection)


def work(descriptor: int) -> None:
    """Answer what comes through the connection until it is closed: all that a process of `Analysts` does."""
    with Connection(descriptor) as connection:
        while True:
            try:
                asked = connection.recv()
            except EOFError:
                return
            connection.send(analyse(*asked))
