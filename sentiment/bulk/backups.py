"""Backups: the whole site as one folder (its database, its critics, a manifest of hashes), and back again.

The database is dumped first, as one snapshot: a critic's folder is there before its row is, so every critic that the
dump names is copied after it. The shared cache stays behind: it holds nothing that is not made again. So do sessions,
with which whoever holds the backup could go on as their owners.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from sentiment.core.files import PARTIAL, whole_folder
from textflix.running import servers

DUMP, MODELS, MANIFEST = "database.dump", "models", "manifest.json"
FORMAT = 1
BLOCK = 1 << 20
CONNECTED = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


class BackupError(Exception):
    """A backup that cannot be made, or not be restored; the message says why, and what is as it was before."""


def back_up(folder: Path) -> None:
    """Keep the site in a new folder, which appears whole or not at all; the site may run meanwhile."""
    folder = folder.absolute()
    if folder.exists():
        raise BackupError(f"{folder} is there already: name a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(folder) as partial:
            partial.chmod(0o700)  # it holds addresses, password hashes and second factors' secrets
            left_out = (settings.CACHES["default"]["LOCATION"], Session._meta.db_table)
            options = [f"--exclude-table-data={table}" for table in left_out]
            _run("pg_dump", "--format=custom", *options, f"--file={partial / DUMP}")
            _copy_critics(partial / MODELS)
            manifest = {"format": FORMAT, "files": {str(p.relative_to(partial)): _sha256(p) for p in _files(partial)}}
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=1))
    except OSError as error:
        raise BackupError(f"{folder} cannot be written ({error.strerror or error}): nothing was kept.") from error


def restore(folder: Path, *, replace: bool = False) -> None:
    """Bring back what a folder keeps, the database in one transaction; `replace` gives up what is there now."""
    folder = folder.absolute()
    _verify(folder)
    if _count(CONNECTED):
        raise BackupError("The site is running: stop it first. Nothing was changed.")
    if not replace and _count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
        raise BackupError("There is a site in this database: say that it may be replaced. Nothing was changed.")
    connection.close()
    try:
        if (folder / MODELS).is_dir():
            _bring_critics(folder / MODELS)
    except OSError as error:
        why = error.strerror or error
        raise BackupError(
            f"The critics could not be brought back ({why}). The database is as it was before."
        ) from error
    _load(folder / DUMP)


def _verify(folder: Path) -> None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise BackupError(f"{folder} was made by another release of Textflix. Nothing was changed.")
        for name, digest in manifest["files"].items():
            if _sha256(folder / name) != digest:
                raise BackupError(f"{folder / name} is damaged. Nothing was changed.")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BackupError(f"{folder} is no whole backup ({error}). Nothing was changed.") from error


def _copy_critics(target: Path) -> None:
    target.mkdir()
    if Path(settings.MODELS_DIR).is_dir():
        for critic in _critics(Path(settings.MODELS_DIR)):
            shutil.copytree(critic, target / critic.name)


def _bring_critics(source: Path) -> None:
    """Copy the critics that are not here as they were kept: a critic never changes, so another content is damage."""
    target = Path(settings.MODELS_DIR)
    target.mkdir(parents=True, exist_ok=True)
    for critic in _critics(source):
        place = target / critic.name
        if place.exists():
            if _content(place) == _content(critic):
                continue
            shutil.rmtree(place)
        with whole_folder(place) as partial:
            shutil.copytree(critic, partial, dirs_exist_ok=True)


def _critics(folder: Path) -> Iterator[Path]:
    """The critics in a folder, without those that are being made."""
    return (p for p in sorted(folder.iterdir()) if (p / "manifest.json").is_file() and not p.name.endswith(PARTIAL))


def _load(dump: Path) -> None:
    """Put the dump in the place of what the database holds. COMMIT is only sent once all of it has been sent."""
    command, environment = _client("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as psql:
        assert psql.stdin is not None
        assert psql.stderr is not None
        try:
            # Else its first word would be a notice of what is dropped, and not why it stopped.
            _send(psql.stdin, b"SET client_min_messages = warning;\n")
            _send(psql.stdin, b"BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n")
            script = [servers.postgres_binary("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dump)]
            subprocess.run(script, stdout=psql.stdin, stderr=subprocess.PIPE, check=True)
            _send(psql.stdin, b"COMMIT; ANALYZE;\n")
            failed: Exception | None = None
        except (OSError, subprocess.CalledProcessError) as error:
            failed = error
        with suppress(BrokenPipeError):
            psql.stdin.close()
        said = psql.stderr.read()
    if failed or psql.returncode:
        if isinstance(failed, subprocess.CalledProcessError):
            said = said or failed.stderr
        reason = said.decode(errors="replace").strip().partition("\n")[0] or failed
        raise BackupError(f"The database could not be restored ({reason}). It is as it was before.")


def _send(pipe: IO[bytes], text: bytes) -> None:
    pipe.write(text)
    pipe.flush()


def _run(program: str, *options: str) -> None:
    command, environment = _client(program, *options)
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{program}: {said[0] if said else done.returncode}. Nothing was kept.")


def _client(program: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """The command of a client of our database, and its environment: a password is in no process list."""
    command, variables = connection.client.settings_to_cmd_args_env(connection.settings_dict, list(options))
    return [servers.postgres_binary(program), *command[1:]], os.environ | (variables or {})


def _count(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def _content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): _sha256(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
