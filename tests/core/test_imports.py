"""What the web process may import costs it no torch, and the core stands on nothing of the site."""

import subprocess
import sys

HEAVY = ("torch", "transformers", "sklearn", "scipy", "django", "celery", "textflix")


def loaded_by(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*(name.partition('.')[0] for name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_light_modules_do_not_import_torch():
    light = ("curve_models", "files", "labels", "text", "corpus.data", "critic.bases", "evaluation", "critic.evidence")
    assert not loaded_by("sentiment.core", *(f"sentiment.core.{name}" for name in light)) & set(HEAVY)


def test_the_front_door_of_the_core_hands_out_the_scorer_and_nothing_that_is_not_there():
    code = (
        "import sys, sentiment.core as core; assert 'torch' not in sys.modules;"
        "assert core.Scorer.__module__ == 'sentiment.core.critic.scorer'; assert not hasattr(core, 'Critic')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_whole_core_imports_nothing_of_the_site():
    loaded = loaded_by("sentiment.core.__main__")
    assert "torch" in loaded
    assert not loaded & {"django", "celery", "textflix"}
