"""A critic small enough to train in a second: a BERT of three random layers with a vocabulary of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from sentiment.core.corpus.data import Example
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.checkpoints import save
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.scorer import Scorer

# A busy machine is no defect of what is tested.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

WORDS = [
    "a",
    "the",
    "film",
    "was",
    "is",
    "it",
    "and",
    "but",
    "not",
    "good",
    "great",
    "lovely",
    "moving",
    "bad",
    "dull",
    "awful",
    "boring",
    "cast",
    "plot",
    "ending",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine take many times longer than one on matrices this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    pieces = [*"abcdefghijklmnopqrstuvwxyz.,!?'0123456789"]
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *dict.fromkeys([*WORDS, *pieces]), "##s", "##ly"])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    # Packaged tokenizers come with a truncation of their own, which must not be what decides.
    tokenizer.enable_truncation(max_length=8)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **size)).save_pretrained(folder)
    return folder


@pytest.fixture
def critic(base_folder: Path) -> Critic:
    critic = Critic(resolve_base(str(base_folder)), layers=2, max_tokens=34, temperature=1.5)
    torch.manual_seed(1)
    torch.nn.init.normal_(critic.head.weight)
    torch.nn.init.constant_(critic.head.bias, 0.25)
    return critic


@pytest.fixture
def scorer(critic: Critic) -> Scorer:
    return Scorer(critic, "cpu", "torch")


@pytest.fixture
def checkpoint(critic: Critic, tmp_path: Path) -> Path:
    save(critic, tmp_path / "critic", {"made": "for a test"})
    return tmp_path / "critic"


@pytest.fixture
def examples() -> list[Example]:
    """Forty reviews of ten films, whose label one word gives away."""
    words = {0: ["bad", "dull", "awful", "boring"], 1: ["good", "great", "lovely", "moving"]}
    nouns = ["film", "plot", "cast", "ending", "film"]
    return [
        Example(f"the {nouns[i % 5]} was {words[label][i % 4]} .", label, group=f"film {i % 10}")
        for i in range(20)
        for label in (0, 1)
    ]
