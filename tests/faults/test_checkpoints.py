"""Versions' files are damaged while reviews are being read: the last good version reads on, and staff are told."""

import hashlib
import json
import shutil
import uuid
from pathlib import Path

import pytest

from tests.conftest import PAN, PRAISE
from tests.faults.steps import LEASED, SCORING, films, readiness, scored
from tests.live import Site, Visitor, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("everything_is_read_in_the_end")]
SERVING = "SELECT version_id FROM sentiment_promotion WHERE accepted_at IS NOT NULL ORDER BY id DESC LIMIT 1"
STALE = "SELECT count(*) FROM sentiment_reading WHERE version_id <> %s"


def another(site: Site) -> tuple[int, Path]:
    """Make one more version of the serving critic, with a card of its own."""
    serving = site.one(SERVING)
    fingerprint = site.one("SELECT fingerprint FROM sentiment_modelversion WHERE id = %s", serving)
    made = site.home / "models" / "made"
    shutil.copytree(site.home / "models" / fingerprint, made)
    card, manifest = (json.loads((made / name).read_text()) for name in ("card.json", "manifest.json"))
    (made / "card.json").write_text(json.dumps(card | {"made": str(uuid.uuid4())}))
    manifest["files"]["card.json"] = hashlib.sha256((made / "card.json").read_bytes()).hexdigest()
    (made / "manifest.json").write_text(json.dumps(manifest))
    folder = made.rename(made.with_name(hashlib.sha256((made / "manifest.json").read_bytes()).hexdigest()))
    version = site.one(
        "INSERT INTO sentiment_modelversion (name, fingerprint, created_at, method, base, layers, labels, metrics)"
        " SELECT name, %s, now(), method, base, layers, labels, metrics FROM sentiment_modelversion WHERE id = %s"
        " RETURNING id",
        folder.name,
        serving,
    )
    return version, folder


def damage(folder: Path) -> bytes:
    """Turn one bit of the weights; returns what they were."""
    whole = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    return whole


@pytest.fixture
def boss(site: Site) -> Visitor:
    boss = Visitor(site)
    password = (site.home / "admin-password").read_text().strip()
    boss.open("/accounts/login/", login="admin", password=password)
    assert "sessionid" in boss.cookies
    return boss


def test_a_damaged_version_at_its_promotion(site: Site, member: Visitor, boss: Visitor) -> None:
    before = site.one(SERVING)
    version, folder = another(site)
    damage(folder)
    told = site.manage("promote", str(version))
    assert (told.returncode, "weights.safetensors is damaged" in told.stderr) == (1, True)
    boss.open("/admin/sentiment/modelversion/", action="promote", _selected_action=str(version))
    assert site.one("SELECT count(*) FROM sentiment_promotion WHERE accepted_at IS NULL AND version_id = %s", version)
    review = member.write(films(site, 1)[0], PRAISE + " Promoted.")
    why = "SELECT error FROM sentiment_promotion WHERE version_id = %s"
    assert "weights.safetensors is damaged" in wait_for(lambda: site.one(why, version), 60, "the promotion answered")
    assert "weights.safetensors is damaged" in boss.open("/admin/sentiment/promotion/").text
    scored(member, review)
    assert (site.one(SERVING), member.verdict(review)["version"]) == (before, before)
    assert readiness(site)[0] == 200


def test_the_serving_version_is_damaged_and_its_worker_starts_again(site: Site, member: Visitor) -> None:
    before = site.one(SERVING)
    version, folder = another(site)
    assert site.manage("promote", str(version)).returncode == 0
    wait_for(lambda: site.one(LEASED) > 0 and site.one(STALE, version), 60, "everything being read again", every=0.01)
    whole = damage(folder)
    site.kill(SCORING)
    assert site.one(STALE, version) > 0
    review = member.write(films(site, 1)[0], PAN + " Damaged.")
    scored(member, review)
    assert (member.verdict(review)["version"], member.verdict(review)["verdict"]) == (before, "negative")
    wait_for(lambda: readiness(site) == (200, "degraded"), 60, "readyz says so")
    (folder / "weights.safetensors").write_bytes(whole)
    wait_for(lambda: member.verdict(review)["version"] == version, 120, "the mended version reading on")
    wait_for(lambda: readiness(site) == (200, "ok"), 60, "readyz says so")
