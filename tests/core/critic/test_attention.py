"""Fused attention computes what transformers' own does, and is what training uses."""

import pytest
import torch
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

from sentiment.core.critic.attention import fuse

SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 60}


@pytest.fixture
def mpnet():
    torch.manual_seed(0)
    return MPNetModel(MPNetConfig(**SIZE), add_pooling_layer=False).eval()


@pytest.mark.parametrize("padding", [0, 3])
def test_states_and_gradients_are_the_same(mpnet, padding):
    ids, mask = torch.randint(4, 60, (3, 9)), torch.ones(3, 9, dtype=torch.long)
    mask[1, 9 - padding :] = 0
    found = []
    for prepare in (lambda _: None, fuse):
        prepare(mpnet)
        mpnet.zero_grad()
        states = mpnet(input_ids=ids, attention_mask=mask).last_hidden_state * mask.unsqueeze(-1)
        states.pow(2).sum().backward()
        found.append((states.detach(), mpnet.encoder.layer[0].attention.attn.q.weight.grad.clone()))
    for plain, fused in zip(*found, strict=True):
        assert torch.allclose(plain, fused, atol=1e-4)


def test_only_what_it_knows_is_changed(mpnet):
    bert = BertModel(BertConfig(**SIZE))
    kinds = [type(module) for module in bert.modules()]
    fuse(bert)
    assert [type(module) for module in bert.modules()] == kinds


def test_training_with_dropout_keeps_attention_fused(critic):
    critic.encoder.train()
    batch = critic.text_encoder.collate(critic.text_encoder.encode(["a good film", "bad"]))
    with torch.profiler.profile() as seen:
        first, second = (critic(batch).logits for _ in range(2))
    assert not torch.equal(first, second), "dropout is at work elsewhere"
    assert any("flash_attention" in event.name for event in seen.events())
