import json
import subprocess
import sys

import pytest
import torch

from sentiment.core.critic.bases import BaseError, resolve_base
from sentiment.core.critic.checkpoints import CheckpointError, fingerprint, load, read_card, save
from sentiment.core.critic.scorer import Scorer

TEXTS = ["The film was good. The plot was bad.", "dull", ""]


def test_a_loaded_critic_reads_exactly_as_the_saved_one(scorer, checkpoint):
    assert Scorer(load(checkpoint), "cpu", "torch").predict(TEXTS) == scorer.predict(TEXTS)
    assert read_card(checkpoint) == {"made": "for a test"}


def test_a_probe_is_stored_as_its_linear_layer_alone(checkpoint):
    assert sorted(path.name for path in checkpoint.iterdir()) == ["card.json", "manifest.json", "weights.safetensors"]
    assert (checkpoint / "weights.safetensors").stat().st_size < 1000


def test_changed_layers_are_stored_and_untouched_ones_are_not(critic, scorer, tmp_path):
    with torch.no_grad():
        critic.encoder.encoder.layer[1].output.dense.weight += 0.5
    save(critic, tmp_path / "tuned", {})
    assert 32 * 64 * 2 < (tmp_path / "tuned" / "weights.safetensors").stat().st_size < 32 * 64 * 2 + 1000
    loaded = Scorer.load(tmp_path / "tuned", "cpu", "torch").predict(TEXTS)
    assert [p.positive for p in loaded] == pytest.approx([p.positive for p in scorer.predict(TEXTS)], abs=1e-3)


def test_a_fingerprint_tells_versions_apart_and_same_ones_together(critic, tmp_path):
    first = save(critic, tmp_path / "a", {})
    assert first == fingerprint(tmp_path / "a") == save(critic, tmp_path / "b", {})
    critic.temperature = 2.0
    assert save(critic, tmp_path / "c", {}) != first


@pytest.mark.parametrize("name", ["weights.safetensors", "card.json"])
def test_a_damaged_file_is_refused_by_name(checkpoint, name):
    content = bytearray((checkpoint / name).read_bytes())
    content[-1] ^= 1
    (checkpoint / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name} is damaged"):
        load(checkpoint)


@pytest.mark.parametrize("name", ["weights.safetensors", "card.json", "manifest.json"])
def test_a_missing_file_is_refused_by_name(checkpoint, name):
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} cannot be read"):
        load(checkpoint)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 99, "format 99"),
        ("labels", ["positive", "negative"], "has labels"),
        ("files", {"../../secret": "0"}, "does not list"),
        ("layers", 9, "has 3 layers"),
        ("layers", "two", "cannot be loaded"),
        ("base", {"name": "no-such-base", "sha256": ""}, "Unknown base"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_refused(checkpoint, key, value, message):
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    (checkpoint / "manifest.json").write_text(json.dumps({**manifest, key: value}))
    with pytest.raises(CheckpointError, match=message):
        load(checkpoint)


def test_a_manifest_that_is_not_its_versions_is_refused(checkpoint):
    version = fingerprint(checkpoint)
    assert load(checkpoint, version).temperature != 9.0
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    (checkpoint / "manifest.json").write_text(json.dumps({**manifest, "temperature": 9.0}))
    with pytest.raises(CheckpointError, match=r"manifest\.json is damaged: it is not the one"):
        load(checkpoint, version)


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_an_unreadable_manifest_is_refused(checkpoint, content):
    (checkpoint / "manifest.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"manifest\.json is damaged"):
        load(checkpoint)


def test_a_checkpoint_of_another_base_is_refused(checkpoint):
    manifest = json.loads((checkpoint / "manifest.json").read_text())
    manifest["base"]["sha256"] = "0" * 64
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="other weights of base"):
        load(checkpoint)


def test_a_version_is_never_overwritten(critic, checkpoint):
    before = fingerprint(checkpoint)
    critic.temperature = 9.0
    with pytest.raises(CheckpointError, match="exists already"):
        save(critic, checkpoint, {})
    assert fingerprint(checkpoint) == before


def test_a_card_that_is_not_json_leaves_nothing_behind(critic, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        save(critic, tmp_path / "new", {"accuracy": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_base_says_what_would_do():
    with pytest.raises(BaseError, match=r"Unknown base 'bert-huge': use minilm or mpnet, the path of a folder"):
        resolve_base("bert-huge")


def test_a_hub_id_without_a_network_says_how_to_fetch_it(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BaseError, match=r"not on this machine.*hf download google-bert/bert-large-uncased"):
        resolve_base("google-bert/bert-large-uncased")


def test_an_incomplete_base_names_what_is_missing(tmp_path):
    with pytest.raises(BaseError, match=r"has no config\.json, tokenizer\.json, model\.safetensors"):
        resolve_base(str(tmp_path))


# One thread for each moment of a save at which it may die: after its weights, card, manifest and folder reach the disk.
DIES_MID_SAVE = """
import os, sys, threading
from pathlib import Path
from sentiment.core.critic import checkpoints

critic, target, local = checkpoints.load(sys.argv[1]), Path(sys.argv[2]), threading.local()
stuck, fsync = threading.Barrier(5), os.fsync

def fsync_until_stuck(descriptor):
    fsync(descriptor)
    local.calls = getattr(local, "calls", 0) + 1
    if local.calls == local.moment:
        stuck.wait()
        threading.Event().wait()

def save(moment):
    local.moment = moment
    checkpoints.save(critic, target / f"version-{moment}", {})

os.fsync = fsync_until_stuck
for moment in (1, 2, 3, 4):
    threading.Thread(target=save, args=[moment], daemon=True).start()
stuck.wait()
print("stuck", flush=True)
threading.Event().wait()
"""


def test_a_save_killed_at_any_moment_leaves_no_checkpoint(critic, checkpoint, tmp_path):
    target = tmp_path / "versions"
    with subprocess.Popen(
        [sys.executable, "-c", DIES_MID_SAVE, checkpoint, target], stdout=subprocess.PIPE, text=True
    ) as saving:
        assert saving.stdout.readline() == "stuck\n"
        saving.kill()
    left_behind = [path for path in target.iterdir() if any(path.iterdir())]
    assert len(left_behind) == 4
    for path in left_behind:
        with pytest.raises(CheckpointError, match="interrupted save"):
            load(path)
    for moment in (1, 2, 3, 4):
        save(critic, target / f"version-{moment}", {})
        assert load(target / f"version-{moment}").layers == critic.layers
