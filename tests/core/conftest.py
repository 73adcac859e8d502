"""What the core's tests share: no database, and a tiny critic."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from sentiment.core.corpus.data import Example
from sentiment.core.critic.checkpoints import save
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.scorer import Scorer
from tests.tiny import tiny_base, tiny_critic

# A busy machine is no defect of what is tested.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine take many times longer than one on matrices this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def critic(base_folder: Path) -> Critic:
    return tiny_critic(base_folder)


@pytest.fixture
def scorer(critic: Critic) -> Scorer:
    return Scorer(critic, "cpu", "torch")


@pytest.fixture
def checkpoint(critic: Critic, tmp_path: Path) -> Path:
    save(critic, tmp_path / "critic", {"made": "for a test"})
    return tmp_path / "critic"


@pytest.fixture
def examples() -> list[Example]:
    """Forty reviews of ten films, whose label one word gives away."""
    words = {0: ["bad", "dull", "awful", "boring"], 1: ["good", "great", "lovely", "moving"]}
    nouns = ["film", "plot", "cast", "ending", "film"]
    return [
        Example(f"the {nouns[i % 5]} was {words[label][i % 4]} .", label, group=f"film {i % 10}")
        for i in range(20)
        for label in (0, 1)
    ]
