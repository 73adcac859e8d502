"""Saves critics to disk, small and whole or not at all, and loads them verified.

A checkpoint is a folder of three files: weights.safetensors (the tensors that differ from the base, nothing else; the
encoder's in half precision), card.json (what the critic was made from) and manifest.json (what is needed to rebuild it,
with the SHA-256 of the others; its own is the version's identity).
"""

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes

from sentiment.core.critic.bases import BaseError, resolve_base
from sentiment.core.critic.classifier import Critic, load_encoder
from sentiment.core.files import PARTIAL, whole_folder
from sentiment.core.labels import LABELS

FORMAT: Final = 1
WEIGHTS: Final = "weights.safetensors"
CARD: Final = "card.json"
MANIFEST: Final = "manifest.json"
SHIPPED: Final = Path(__file__).resolve().parents[2] / "pretrained"
"""The critic that comes with the project."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or cannot be trusted. The message says which and why."""


def save(critic: Critic, folder: str | PathLike[str], card: dict[str, Any]) -> str:
    """Write a critic and its card (JSON-safe) as `folder` and return its fingerprint.

    The folder appears whole or not at all, even through a crash or loss of power. It must not exist yet (an empty one
    may): a version never changes. Raises CheckpointError.
    """
    folder = Path(folder)
    check_absent(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    files = {WEIGHTS: tensors_to_bytes(_changed_tensors(critic)), CARD: _json(card)}
    manifest = {
        "format": FORMAT,
        "base": {"name": critic.base.name, "sha256": critic.base.sha256},
        "layers": critic.layers,
        "max_tokens": critic.text_encoder.max_tokens,
        "head_share": critic.text_encoder.head_share,
        "temperature": critic.temperature,
        "labels": list(LABELS),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    try:
        with whole_folder(folder) as partial:
            for name, content in {**files, MANIFEST: _json(manifest)}.items():
                (partial / name).write_bytes(content)
    except OSError as error:
        raise CheckpointError(f"{folder} could not be written: {error.strerror}") from error
    return fingerprint(folder)


def load(folder: str | PathLike[str], version: str | None = None) -> Critic:
    """Rebuild a critic on the CPU, after verifying every byte it is made of. Raises CheckpointError.

    Where `version` is the fingerprint it should have, its manifest is verified, too.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, version)
    contents = _verified_files(folder, manifest)
    try:
        base = resolve_base(manifest["base"]["name"])
        if base.sha256 != manifest["base"]["sha256"]:
            raise CheckpointError(f"{folder} was made on other weights of base {base.name!r} than are installed here.")
        critic = Critic(
            base, manifest["layers"], manifest["max_tokens"], manifest["head_share"], float(manifest["temperature"])
        )
        tensors = tensors_from_bytes(contents[WEIGHTS])
        missing = {"head.weight", "head.bias"} - tensors.keys()
        unknown = critic.load_state_dict(tensors, strict=False).unexpected_keys
    except (BaseError, KeyError, TypeError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} cannot be loaded: {error}") from error
    if missing or unknown:
        raise CheckpointError(f"{folder} cannot be loaded: its tensors are not those of its manifest.")
    return critic


def fingerprint(folder: str | PathLike[str]) -> str:
    """Return a version's identity: the SHA-256 (hex) of its manifest, and so of everything it is made of."""
    return hashlib.sha256(_read(Path(folder) / MANIFEST)).hexdigest()


def read_manifest(folder: str | PathLike[str], version: str | None = None) -> dict[str, Any]:
    """Return the manifest of a checkpoint.

    Raises CheckpointError where there is none that this program can read, or not the one with the fingerprint
    `version`.
    """
    folder = Path(folder)
    if folder.name.endswith(PARTIAL):
        raise CheckpointError(f"{folder} is what an interrupted save left behind, not a checkpoint: delete it.")
    content = _read(folder / MANIFEST)
    manifest = _parse(folder / MANIFEST, content)
    if version and hashlib.sha256(content).hexdigest() != version:
        raise CheckpointError(f"{folder / MANIFEST} is damaged: it is not the one that the version was made with.")
    if manifest.get("format") != FORMAT:
        raise CheckpointError(f"{folder} has format {manifest.get('format')!r}; this program reads format {FORMAT}.")
    if manifest.get("labels") != list(LABELS):
        raise CheckpointError(f"{folder} has labels {manifest.get('labels')!r}, not {list(LABELS)!r}.")
    return manifest


def read_card(folder: str | PathLike[str]) -> dict[str, Any]:
    """Return the verified card of a checkpoint. Raises CheckpointError."""
    folder = Path(folder)
    return _parse(folder / CARD, _verified_files(folder, read_manifest(folder))[CARD])


def check_absent(folder: str | PathLike[str]) -> None:
    """Raise CheckpointError where `folder` is taken: ask before the long work of training, not after it."""
    folder = Path(folder)
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise CheckpointError(f"{folder} exists already, and a version never changes: choose another name.")


def _changed_tensors(critic: Critic) -> dict[str, torch.Tensor]:
    untouched = {
        f"encoder.{name}": tensor for name, tensor in load_encoder(critic.base, critic.layers).state_dict().items()
    }
    present = {name: tensor.detach().cpu().contiguous() for name, tensor in critic.state_dict().items()}
    # In half precision the file halves and verdicts move in the fourth digit; the head is small and stays whole.
    return {
        name: tensor.half() if name in untouched else tensor
        for name, tensor in present.items()
        if name not in untouched or not torch.equal(tensor, untouched[name])
    }


def _verified_files(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    expected = manifest.get("files")
    if not isinstance(expected, dict) or expected.keys() != {WEIGHTS, CARD}:
        raise CheckpointError(f"{folder / MANIFEST} does not list the files of a checkpoint.")
    contents = {name: _read(folder / name) for name in expected}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != expected[name]:
            raise CheckpointError(f"{folder / name} is damaged: its SHA-256 is not the one in the manifest.")
    return contents


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False).encode()


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} is damaged: not a JSON object.")
    return value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
