"""Saves critics and annotators to disk, small and whole or not at all, and loads them verified.

A checkpoint is a folder of three files: weights.safetensors (the tensors that differ from the base, nothing else; the
encoder's in half precision), card.json (what it was made from) and manifest.json (what is needed to rebuild it,
with the SHA-256 of the others; its own is the version's identity).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes

from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.bases import Base, BaseError, resolve_base
from sentiment.core.critic.classifier import Critic, load_encoder
from sentiment.core.files import PARTIAL, whole_folder
from sentiment.core.labels import LABELS

FORMAT: Final = 1
WEIGHTS: Final = "weights.safetensors"
CARD: Final = "card.json"
MANIFEST: Final = "manifest.json"
SHIPPED: Final = Path(__file__).resolve().parents[2] / "pretrained"
"""The critic that comes with the project."""
ANNOTATOR: Final = SHIPPED.with_name("annotator")
"""The annotator that comes with it: beside it, for a critic's folder is copied whole."""

Model = TypeVar("Model", Critic, Annotator)


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or cannot be trusted. The message says which and why."""


def save(critic: Critic, folder: str | PathLike[str], card: dict[str, Any]) -> str:
    """Write a critic and its card (JSON-safe) as `folder` and return its fingerprint.

    The folder appears whole or not at all, even through a crash or loss of power. It must not exist yet (an empty one
    may): a version never changes. Raises CheckpointError.
    """
    return _write(critic, folder, card, {"temperature": critic.temperature, "labels": list(LABELS)})


def save_annotator(annotator: Annotator, folder: str | PathLike[str], card: dict[str, Any]) -> str:
    """Write an annotator as `save` writes a critic."""
    return _write(annotator, folder, card, {"aspects": list(ASPECTS)})


def _write(model: Critic | Annotator, folder: str | PathLike[str], card: dict[str, Any], own: dict[str, Any]) -> str:
    folder = Path(folder)
    check_absent(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    files = {WEIGHTS: tensors_to_bytes(_changed_tensors(model)), CARD: _json(card)}
    manifest = {
        "format": FORMAT,
        "base": {"name": model.base.name, "sha256": model.base.sha256},
        "layers": model.layers,
        "max_tokens": model.text_encoder.max_tokens,
        "head_share": model.text_encoder.head_share,
        **own,
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
    manifest = read_manifest(folder, version)

    def build(base: Base) -> Critic:
        temperature = float(manifest["temperature"])
        return Critic(base, manifest["layers"], manifest["max_tokens"], manifest["head_share"], temperature)

    return _rebuilt(Path(folder), manifest, build, {"head.weight", "head.bias"})


def load_annotator(folder: str | PathLike[str]) -> Annotator:
    """Rebuild an annotator on the CPU, after verifying every byte it is made of. Raises CheckpointError."""
    manifest = _manifest(Path(folder), None, "aspects", ASPECTS)

    def build(base: Base) -> Annotator:
        return Annotator(base, manifest["layers"], manifest["max_tokens"], manifest["head_share"])

    return _rebuilt(Path(folder), manifest, build, {"votes.weight", "polarity.weight"})


@cache
def shipped_annotator() -> Annotator:
    """Load the annotator that comes with the project, once for all critics. Raises CheckpointError."""
    return load_annotator(ANNOTATOR)


def _rebuilt(folder: Path, manifest: dict[str, Any], build: Callable[[Base], Model], heads: set[str]) -> Model:
    contents = _verified_files(folder, manifest)
    try:
        base = resolve_base(manifest["base"]["name"])
        if base.sha256 != manifest["base"]["sha256"]:
            raise CheckpointError(f"{folder} was made on other weights of base {base.name!r} than are installed here.")
        model = build(base)
        tensors = tensors_from_bytes(contents[WEIGHTS])
        missing = heads - tensors.keys()
        unknown = model.load_state_dict(tensors, strict=False).unexpected_keys
    except (BaseError, KeyError, TypeError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} cannot be loaded: {error}") from error
    if missing or unknown:
        raise CheckpointError(f"{folder} cannot be loaded: its tensors are not those of its manifest.")
    return model


def fingerprint(folder: str | PathLike[str]) -> str:
    """Return a version's identity: the SHA-256 (hex) of its manifest, and so of everything it is made of."""
    return hashlib.sha256(_read(Path(folder) / MANIFEST)).hexdigest()


def read_manifest(folder: str | PathLike[str], version: str | None = None) -> dict[str, Any]:
    """Return the manifest of a critic's checkpoint.

    Raises CheckpointError where there is none that this program can read, or not the one with the fingerprint
    `version`.
    """
    return _manifest(Path(folder), version, "labels", LABELS)


def _manifest(folder: Path, version: str | None, judged: str, names: Sequence[str]) -> dict[str, Any]:
    if folder.name.endswith(PARTIAL):
        raise CheckpointError(f"{folder} is what an interrupted save left behind, not a checkpoint: delete it.")
    content = _read(folder / MANIFEST)
    manifest = _parse(folder / MANIFEST, content)
    if version and hashlib.sha256(content).hexdigest() != version:
        raise CheckpointError(f"{folder / MANIFEST} is damaged: it is not the one that the version was made with.")
    if manifest.get("format") != FORMAT:
        raise CheckpointError(f"{folder} has format {manifest.get('format')!r}; this program reads format {FORMAT}.")
    if manifest.get(judged) != list(names):
        raise CheckpointError(f"{folder} has {judged} {manifest.get(judged)!r}, not {list(names)!r}.")
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


def _changed_tensors(model: Critic | Annotator) -> dict[str, torch.Tensor]:
    untouched = {
        f"encoder.{name}": tensor for name, tensor in load_encoder(model.base, model.layers).state_dict().items()
    }
    present = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    # In half precision the file halves and verdicts move in the fourth digit; heads are small and stay whole.
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
