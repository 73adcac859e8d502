"""The critic: reads a review, says how positive it is and which sentences made it so."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.core.critic.scorer import Scorer

__all__ = ["Scorer"]


def __getattr__(name: str) -> Any:
    """Fetch Scorer when it is first asked for: importing the package brings no torch."""
    if name != "Scorer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sentiment.core.critic.scorer import Scorer

    return Scorer
