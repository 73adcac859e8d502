"""A version whose files are damaged comes to no power, and where it has it, the last good one reads instead."""

import json
import shutil
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client

from sentiment.core.critic.checkpoints import CARD, MANIFEST, WEIGHTS
from sentiment.models import ModelVersion, Promotion, Reading, ScoringWorker
from sentiment.versions.health import health
from sentiment.versions.promotion import ask, promote, roll_back
from sentiment.worker import scorers, scoring
from sentiment.worker.scorers import folder
from sentiment.worker.verifying import answer_asked
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie

pytestmark = pytest.mark.usefixtures("nothing_is_off", "fresh_process")


@pytest.fixture
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has loaded nothing yet."""
    monkeypatch.setattr(scorers, "_loaded", None)
    monkeypatch.setattr(scorers, "_failed", {})


def flip(version: ModelVersion) -> None:
    content = bytearray((folder(version) / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder(version) / WEIGHTS).write_bytes(content)


def lose_the_card(version: ModelVersion) -> None:
    (folder(version) / CARD).unlink()


def lose(version: ModelVersion) -> None:
    shutil.rmtree(folder(version))


def warm(version: ModelVersion) -> None:
    manifest = json.loads((folder(version) / MANIFEST).read_text())
    (folder(version) / MANIFEST).write_text(json.dumps(manifest | {"temperature": 9.0}))


DAMAGES = {
    flip: "weights.safetensors is damaged",
    lose_the_card: "card.json cannot be read",
    lose: "manifest.json cannot be read",
    warm: "manifest.json is damaged",
}


@pytest.mark.parametrize(("damage", "why"), DAMAGES.items())
def test_it_is_not_promoted_and_staff_see_why(
    damage: Callable[[ModelVersion], None], why: str, version, make_version, movie: Movie, client: Client
) -> None:
    damage(broken := make_version())
    assert ask(broken, reason="promoted in the admin")
    answer_asked()
    assert Promotion.objects.serving() == version
    assert why in Promotion.objects.refused().get().error
    client.force_login(make_member(is_staff=True, is_superuser=True))
    for page in ("modelversion", "promotion"):
        assert why in client.get(f"/admin/sentiment/{page}/").content.decode()
    make_review(movie, make_member(), text=PRAISE)
    assert scoring.drain(10) == 1
    assert health().reading == "ok"


@pytest.mark.parametrize(("damage", "why"), DAMAGES.items())
def test_no_command_promotes_it_nor_rolls_back_to_it(damage, why: str, version, make_version) -> None:
    damage(broken := make_version())
    with pytest.raises(CommandError, match=why):
        call_command("promote", str(broken.pk))
    assert Promotion.objects.serving() == version
    promote(make_version(), reason="good")
    serving = Promotion.objects.serving()
    damage(version)
    with pytest.raises(CommandError, match=why):
        call_command("rollback")
    assert Promotion.objects.serving() == serving


def test_one_whose_verification_kills_its_workers_is_refused(version, make_version) -> None:
    ask(make_version(), reason="too large for this machine")
    for _ in range(3):
        assert Promotion.objects.asked().claim(1)
        assert answer_asked() == 0
        Promotion.objects.update(leased_until=F("leased_until") - Promotion.LEASE)
    answer_asked()
    assert "died 3 times" in Promotion.objects.refused().get().error
    assert Promotion.objects.serving() == version


def test_what_was_asked_for_twice_is_verified_once(version, make_version) -> None:
    newer = make_version()
    assert ask(newer, reason="first")
    assert not ask(newer, reason="again")
    assert answer_asked() == 1
    assert not ask(newer, reason="it serves")


class TestWhereItServes:
    @pytest.fixture
    def damaged(self, movie: Movie, version, make_version, monkeypatch) -> ModelVersion:
        """A version that served well before its files were damaged, and its worker restarted."""
        promote(newer := make_version(), reason="newer")
        make_review(movie, make_member(), text=PRAISE)
        scoring.drain(10)
        shutil.copytree(folder(newer), folder(newer).with_suffix(".backup"))
        warm(newer)
        monkeypatch.setattr(scorers, "_loaded", None)
        return newer

    def test_the_last_good_one_reads_what_comes_and_leaves_what_was_read(self, movie, version, damaged) -> None:
        make_review(movie, make_member(), text=PAN)
        assert scoring.drain(10) == 1
        assert [each.version for each in Reading.objects.order_by("pk")] == [damaged, version]
        assert [each.verdict for each in Reading.objects.order_by("pk")] == ["positive", "negative"]

    def test_it_says_so(self, version, damaged, client: Client) -> None:
        scoring.drain(10)
        found = health()
        assert (found.reading, found.serving) == ("degraded", damaged)
        assert f"{damaged} cannot be loaded, {version} reads instead" in found.problems[0]
        assert client.get("/readyz").json()["reading"] == "degraded"
        client.force_login(make_member(is_staff=True, is_superuser=True))
        assert "reads instead" in client.get("/admin/sentiment/modelversion/").content.decode()

    def test_once_it_is_mended_it_reads_again(self, movie, version, damaged, monkeypatch) -> None:
        make_review(movie, make_member(), text=PAN)
        scoring.drain(10)
        lose(damaged)
        folder(damaged).with_suffix(".backup").rename(folder(damaged))
        assert scoring.drain(10) == 0, "its files are not hashed again at every message"
        monkeypatch.setattr(scorers, "_failed", {})
        assert scoring.drain(10) == 1
        assert {each.version for each in Reading.objects.all()} == {damaged}
        assert health().reading == "ok"

    def test_a_worker_that_had_it_loaded_goes_on(self, movie, version, make_version, monkeypatch) -> None:
        make_review(movie, make_member(), text=PRAISE)
        scoring.drain(10)
        warm(version)
        make_review(movie, make_member(), text=PAN)
        assert scoring.drain(10) == 1
        assert health().reading == "ok"

    def test_with_none_left_reviews_wait_unharmed_and_reading_is_down(self, movie, version, damaged) -> None:
        lose(version)
        review = make_review(movie, make_member(), text=PAN)
        for _ in range(4):
            with pytest.raises(scorers.Unloadable, match="nor any before it"):
                scoring.drain(10)
        assert (Reading.objects.get(pk=review.pk).state, Reading.objects.get(pk=review.pk).attempts) == ("pending", 0)
        assert health().reading == "down"
        assert ScoringWorker.objects.get().version is None


class TestRollingBack:
    def test_goes_to_what_served_before_also_where_that_was_a_newer_one(self, version, make_version) -> None:
        promote(newer := make_version(), reason="newer")
        promote(version, reason="the first again")
        assert roll_back() == newer
        assert roll_back() == version
        with pytest.raises(LookupError):
            roll_back()

    def test_twice_goes_back_by_two_and_over_what_was_never_accepted(self, version, make_version) -> None:
        promote(second := make_version(), reason="second")
        ask(flipped := make_version(), reason="never verified")
        flip(flipped)
        answer_asked()
        promote(make_version(), reason="third")
        assert [roll_back(), roll_back()] == [second, version]

    def test_and_forward_again_comes_back_to_where_it_was(self, version, make_version) -> None:
        promote(make_version(), reason="second")
        roll_back()
        promote(make_version(), reason="third")
        assert roll_back() == version
