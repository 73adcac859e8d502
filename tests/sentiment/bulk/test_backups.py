"""A backup is whole or not there, and brings the site back as it was."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from sentiment.bulk import backups
from sentiment.models import ModelVersion, Promotion, Reading
from sentiment.worker.scoring import drain
from tests.conftest import PRAISE
from tests.makers import make_member, make_movie, make_review
from tests.running.processes import wait_for
from textflix.members.models import User
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_is_off")]
CLEANING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'autovacuum worker'"""


@pytest.fixture
def site(version: ModelVersion) -> Review:
    """A site with one review that its critic has read."""
    review = make_review(make_movie(), make_member(), text=PRAISE)
    drain(10)
    return review


@pytest.fixture
def kept(site: Review, tmp_path: Path) -> Path:
    call_command("backup", str(tmp_path / "backups" / "monday"))
    return tmp_path / "backups" / "monday"


def rows() -> list[object]:
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        found = []
        for table in sorted(set(tables) - {"cache"}):
            cursor.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" AS t')
            found.append((table, cursor.fetchone()))
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_lost_is_back_with_its_critic(kept: Path, settings: Settings) -> None:
    before, critics = rows(), content(settings.MODELS_DIR)
    make_review(make_movie(), make_member(), text="Written after the backup.")
    User.objects.all().delete()
    cache.set("limit", 1)
    shutil.rmtree(settings.MODELS_DIR)
    call_command("restore", str(kept), "--replace")
    assert rows() == before
    assert content(settings.MODELS_DIR) == critics
    assert cache.get("limit") is None
    fresh = make_review(make_movie(), make_member(), text=PRAISE)
    drain(10)
    assert Reading.objects.get(pk=fresh.pk).state == "scored"


def test_sessions_are_left_out_and_all_sign_in_again(site: Review, tmp_path: Path) -> None:
    SessionStore().save(must_create=True)
    call_command("backup", str(tmp_path / "kept"))
    call_command("restore", str(tmp_path / "kept"), "--replace")
    assert not Session.objects.exists()
    SessionStore().save(must_create=True)


def test_a_damaged_critic_is_replaced_by_the_kept_one(kept: Path, settings: Settings) -> None:
    critics = content(settings.MODELS_DIR)
    next(settings.MODELS_DIR.rglob("weights.safetensors")).write_bytes(b"damaged")
    call_command("restore", str(kept), "--replace")
    assert content(settings.MODELS_DIR) == critics


def test_a_folder_that_is_there_is_left_alone(kept: Path) -> None:
    before = content(kept)
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(kept))
    assert content(kept) == before


def test_a_backup_is_for_its_owner_alone(kept: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o700


def test_a_backup_that_fails_leaves_nothing(
    site: Review, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "no_such_database")
        with pytest.raises(CommandError, match=r"no_such_database.*Nothing was kept"):
            call_command("backup", str(tmp_path / "backups" / "monday"))
    weights = next(settings.MODELS_DIR.rglob("weights.safetensors"))
    weights.unlink()
    weights.symlink_to("nowhere")
    with pytest.raises(CommandError, match="nothing was kept"):
        call_command("backup", str(tmp_path / "backups" / "monday"))
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_site_is_not_replaced_unless_that_is_said(kept: Path) -> None:
    before = rows()
    with pytest.raises(CommandError, match="say that it may be replaced"):
        call_command("restore", str(kept))
    assert rows() == before


def test_a_site_that_runs_is_not_replaced(kept: Path) -> None:
    before = rows()
    with (
        contextlib.closing(psycopg2.connect(**connection.get_connection_params())),
        pytest.raises(CommandError, match="stop it first"),
    ):
        call_command("restore", str(kept), "--replace")
    assert rows() == before


def test_the_database_s_own_cleaning_is_no_site_that_runs(kept: Path, autovacuum_at_work: None) -> None:
    call_command("restore", str(kept), "--replace")
    assert Review.objects.exists()


@pytest.fixture
def autovacuum_at_work(db: None) -> Iterator[None]:
    """A worker of the database's own that is busy for long with a table of the site."""
    run("ALTER SYSTEM SET autovacuum_naptime = '1s'", "SELECT pg_reload_conf()")
    try:
        run(
            "CREATE TABLE worn WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_cost_delay = 100,"
            " autovacuum_vacuum_cost_limit = 1) AS SELECT repeat('x', 500) FROM generate_series(1, 20000)",
            "DELETE FROM worn",
            "SELECT pg_stat_force_next_flush()",
        )
        wait_for(lambda: backups._count(CLEANING), 60)
        yield
    finally:
        run("DROP TABLE IF EXISTS worn", "ALTER SYSTEM RESET autovacuum_naptime", "SELECT pg_reload_conf()")


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize("name", ["database.dump", "manifest.json", "models"])
def test_a_backup_with_something_damaged_or_missing_changes_nothing(kept: Path, name: str) -> None:
    before = rows()
    path = next((kept / name).rglob("*.safetensors")) if name == "models" else kept / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CommandError, match=r"damaged|no whole backup"):
        call_command("restore", str(kept), "--replace")
    path.unlink()
    with pytest.raises(CommandError, match="no whole backup"):
        call_command("restore", str(kept), "--replace")
    assert rows() == before


@pytest.mark.parametrize("cut", [1_000, -100])
def test_a_dump_that_ends_half_way_leaves_the_database_as_it_was(kept: Path, cut: int) -> None:
    before = rows()
    dump = (kept / "database.dump").read_bytes()[:cut]
    (kept / "database.dump").write_bytes(dump)
    manifest = json.loads((kept / "manifest.json").read_text())
    manifest["files"]["database.dump"] = hashlib.sha256(dump).hexdigest()
    (kept / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match=r"(could not read|corrupt archive).*It is as it was before"):
        call_command("restore", str(kept), "--replace")
    assert rows() == before


@pytest.mark.parametrize(
    ("manifest", "why"),
    [('{"files": {}}', "no whole backup"), ("[]", "no whole backup"), ('{"format": 2}', "another release")],
)
def test_a_manifest_of_another_make_changes_nothing(kept: Path, manifest: str, why: str) -> None:
    before = rows()
    (kept / "manifest.json").write_text(manifest)
    with pytest.raises(CommandError, match=why):
        call_command("restore", str(kept), "--replace")
    assert rows() == before


def test_where_critics_cannot_be_brought_the_database_stays(kept: Path, settings: Settings, tmp_path: Path) -> None:
    before = rows()
    settings.MODELS_DIR = tmp_path / "no folder"
    settings.MODELS_DIR.write_text("in the way")
    with pytest.raises(CommandError, match=r"File exists.*as it was before"):
        call_command("restore", str(kept), "--replace")
    assert rows() == before


def test_no_password_is_in_the_process_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "pa55word")
    command, environment = backups._client("pg_dump")
    assert "pa55word" not in " ".join(command)
    assert environment["PGPASSWORD"] == "pa55word"


def test_without_its_critics_a_site_is_read_by_the_one_that_comes_with_the_project(
    kept: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Promotion.objects.serving()
    shutil.rmtree(settings.MODELS_DIR)
    call_command("first_critic")
    assert f"The folder of {lost} is not in" in capsys.readouterr().err
    serving = Promotion.objects.serving()
    assert serving is not None
    assert serving.name == "the shipped critic"
    drain(10)
    assert set(Reading.objects.values_list("version", flat=True)) == {serving.pk}
    call_command("first_critic")
    assert Promotion.objects.count() == 2
