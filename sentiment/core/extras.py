"""Imports what only the `experiments` extra brings, where it is asked for, or says that it is missing."""

from importlib import import_module
from typing import Any

from sentiment.core.corpus.data import DataError


class ExperimentError(DataError):
    """An experiment that cannot run here. The message says what is missing."""


def extra(module: str) -> Any:
    """Import a module of the `experiments` extra. Raises ExperimentError where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ExperimentError(f"This needs {package} ({error}): pip install -e '.[experiments]'") from error
