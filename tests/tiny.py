"""A critic small enough to train in a second: a BERT of three random layers with a vocabulary of its own."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from sentiment.core.critic.annotator import RARELY, Annotator
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.classifier import Critic

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


def tiny_base(folder: Path) -> Path:
    """Make the base in a folder, and return that."""
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


def tiny_critic(base_folder: Path) -> Critic:
    critic = Critic(resolve_base(str(base_folder)), layers=2, max_tokens=34, temperature=1.5)
    torch.manual_seed(1)
    torch.nn.init.normal_(critic.head.weight)
    torch.nn.init.constant_(critic.head.bias, 0.25)
    return critic


def tiny_annotator(base_folder: Path, bias: float = RARELY) -> Annotator:
    torch.manual_seed(2)
    annotator = Annotator(resolve_base(str(base_folder)), layers=2, max_tokens=34)
    torch.nn.init.constant_(annotator.votes.bias, bias)
    return annotator
