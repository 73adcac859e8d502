"""Whatever computes a critic, its verdicts are the same, and what it hands out adds up."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import MPNetConfig, MPNetModel

from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.engines import EngineError, engine_for
from sentiment.core.critic.scorer import Scorer

TEXTS = ["The film was good.", "", "bad", "It is not dull, but the plot was awful. " * 3, "Lovely cast! " * 30]


@pytest.fixture
def mpnet_critic(base_folder: Path, tmp_path: Path) -> Critic:
    """Of the other architecture: positions counted from the padding's id, and attention that knows distances."""
    (tmp_path / "tokenizer.json").write_bytes((base_folder / "tokenizer.json").read_bytes())
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
    MPNetModel(MPNetConfig(vocab_size=100, **size)).save_pretrained(tmp_path)
    critic = Critic(resolve_base(str(tmp_path)), layers=2, max_tokens=34)
    torch.nn.init.normal_(critic.head.weight)
    return critic


@pytest.mark.parametrize("architecture", ["critic", "mpnet_critic"])
def test_openvino_and_torch_agree_on_verdicts_shares_and_means(architecture, request):
    critic = request.getfixturevalue(architecture)
    # A head of random weights makes larger logits than any training would: compared is the share of their spread.
    exact, quick = (Scorer(critic, "cpu", name) for name in ("torch", "openvino"))
    logits = np.array([prediction.logit for prediction in exact.predict(TEXTS)])
    assert [p.logit for p in quick.predict(TEXTS)] == pytest.approx(logits.tolist(), abs=0.05 * logits.std())
    for text in filter(None, TEXTS):
        batch = critic.text_encoder.collate(critic.text_encoder.encode([text]))
        one, other = exact.engine.read(batch), quick.engine.read(batch)
        assert other.contributions[0] == pytest.approx(one.contributions[0], abs=0.05 * logits.std())
        assert other.means.shape == one.means.shape == (1, 32)
        assert np.corrcoef(one.means[0], other.means[0])[0, 1] > 0.999


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_contributions_add_up_to_the_means_through_the_head(critic, name):
    scorer = Scorer(critic, "cpu", name)
    batch = critic.text_encoder.collate(critic.text_encoder.encode(TEXTS))
    contributions, means = scorer.engine.read(batch)
    assert contributions.sum(axis=1) == pytest.approx(means @ critic.head.weight[0].detach().numpy(), abs=1e-2)
    assert not contributions[~batch.own.numpy()].any()


def test_bias_and_sentence_shares_add_up_in_8_bits_too(critic):
    for prediction in Scorer(critic, "cpu", "openvino").predict(TEXTS):
        shares = sum(sentence.share for sentence in prediction.sentences)
        assert prediction.bias + shares == pytest.approx(prediction.logit, abs=1e-2)


def test_in_8_bits_a_text_gets_the_same_verdict_in_any_company(critic):
    scorer = Scorer(critic, "cpu", "openvino")
    for text, together in zip(TEXTS, scorer.predict(TEXTS), strict=True):
        assert scorer.predict([text])[0].positive == pytest.approx(together.positive, abs=1e-2)


def test_several_windows_are_read_in_the_order_of_the_texts(critic, monkeypatch):
    scorer = Scorer(critic, "cpu")
    texts = [f"The film was {word}." for word in ("good", "bad", "dull", "lovely", "moving", "awful", "great")]
    at_once = scorer.predict(texts)
    monkeypatch.setattr("sentiment.core.critic.scorer.WINDOW", 2)
    assert [p.positive for p in scorer.predict(texts)] == pytest.approx([p.positive for p in at_once], abs=1e-2)


def test_a_cpu_reads_in_8_bits_by_default(critic):
    assert engine_for(critic).name == "openvino"


def test_without_the_package_torch_reads_and_openvino_asked_for_says_why(checkpoint):
    code = """if True:
        import json, sys
        sys.modules["openvino"] = None
        from sentiment.core.critic.engines import EngineError
        from sentiment.core.critic.scorer import Scorer
        scorer = Scorer.load(sys.argv[1], "cpu")
        try:
            Scorer.load(sys.argv[1], "cpu", "openvino")
        except EngineError as error:
            print(json.dumps([scorer.engine.name, scorer.predict(["The film was good."])[0].logit, str(error)]))
    """
    done = subprocess.run([sys.executable, "-c", code, str(checkpoint)], capture_output=True, text=True, check=True)
    name, logit, error = json.loads(done.stdout)
    assert name == "torch"
    assert "not installed" in error
    assert Scorer.load(checkpoint, "cpu").predict(["The film was good."])[0].logit == pytest.approx(logit, abs=0.05)


def test_openvino_reports_to_nobody_and_leaves_nothing_in_the_home_folder(checkpoint, tmp_path):
    code = """if True:
        import sys
        from sentiment.core.critic.scorer import Scorer
        scorer = Scorer.load(sys.argv[1], "cpu", "openvino")
        scorer.warm()
        print(scorer.engine.name)
    """
    home = tmp_path / "home"
    home.mkdir()
    # In CI, which it knows by its environment, its telemetry would be quiet by itself.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [sys.executable, "-c", code, str(checkpoint)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "openvino"
    assert list(home.iterdir()) == [], "its telemetry keeps an id and a count of uses there"


def test_an_encoder_that_openvino_was_not_taught_is_read_by_torch(critic):
    critic.encoder.config.hidden_act = "relu"
    assert engine_for(critic).name == "torch"
    with pytest.raises(EngineError, match="bert with relu"):
        engine_for(critic, "openvino")


def test_an_unknown_engine_is_refused_by_name(critic):
    with pytest.raises(EngineError, match=r"'steam'.*openvino or torch"):
        engine_for(critic, "steam")


def test_threads_that_read_at_once_do_not_mix_up_their_texts(critic):
    scorer = Scorer(critic, "cpu", "openvino")
    alone = [prediction.positive for text in TEXTS for prediction in scorer.predict([text])]
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(scorer.predict, [[text] for text in TEXTS] * 20))
    assert [read[0].positive for read in several] == pytest.approx(alone * 20, abs=1e-6)
