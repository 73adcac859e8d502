"""The embedded servers on their own: the throw-away ones of the tests, and what a home keeps."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.running.processes import REPOSITORY, Running, environment, new_home, pids, processes, wait_for
from textflix.running import embedded, servers
from textflix.running.children import Failure

RUN = [sys.executable, "-m", "textflix.running.embedded", "run", "--"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with new_home() as folder:
        monkeypatch.setenv("TEXTFLIX_HOME", str(folder))
        yield folder


def _on_throw_away_servers(home: Path, code: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [*RUN, sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment(home, **variables), cwd=REPOSITORY, capture_output=True, text=True, timeout=40
    )


def test_a_command_gets_servers_and_a_home_of_its_own_and_its_exit_code_is_kept(home: Path) -> None:
    done = _on_throw_away_servers(
        home,
        "import os; from textflix.running import embedded; from tests.running.processes import answers;"
        "assert answers(embedded.home()); assert 'DATABASE_URL' not in os.environ;"
        "print(embedded.home()); raise SystemExit(7)",
        DATABASE_URL="postgres://somewhere-else/textflix",
    )
    assert done.returncode == 7, done.stderr
    used = Path(done.stdout.strip())
    assert used != home
    assert not home.exists()
    assert not used.exists()
    assert processes(used) == {}


def test_the_database_has_what_search_needs(home: Path) -> None:
    done = _on_throw_away_servers(
        home,
        "from textflix.running import embedded; from tests.running.processes import query; h = embedded.home();"
        "query(h, 'CREATE EXTENSION pg_trgm'); query(h, 'CREATE EXTENSION unaccent');"
        "print(query(h, \"SELECT lower('ÀÉ'), unaccent('Amélie'), array_length(show_trgm('é'), 1), 'a' < 'B' \"),"
        " query(h, 'SHOW server_encoding'), query(h, 'SHOW listen_addresses'))",
    )
    assert done.stdout.strip() == "[('àé', 'Amelie', 2, False)] [('UTF8',)] [('',)]", done.stderr


def test_the_database_s_log_holds_nothing_that_members_wrote(home: Path) -> None:
    done = _on_throw_away_servers(
        home,
        "import contextlib, psycopg2; from textflix.running import embedded\n"
        "from tests.running.processes import query\n"
        "h = embedded.home(); query(h, 'CREATE TABLE member (address text UNIQUE)')\n"
        "insert = \"INSERT INTO member VALUES ('her@example.org')\"; query(h, insert)\n"
        "slow = \"SET statement_timeout = 50; SELECT pg_sleep(9), 'her@example.org'\"\n"
        "for statement in (insert, slow):\n"
        "    with contextlib.suppress(psycopg2.Error): query(h, statement)\n"
        "print((h / 'log' / 'postgres.log').read_text())",
    )
    assert "duplicate key value violates unique constraint" in done.stdout, done.stderr
    assert "canceling statement due to statement timeout" in done.stdout
    assert "her@example.org" not in done.stdout


def test_celery_publishes_and_consumes_through_the_redis_url(home: Path) -> None:
    done = _on_throw_away_servers(
        home,
        "import celery, threading; from textflix.running import embedded\n"
        "from celery.contrib.testing.worker import start_worker\n"
        "app = celery.Celery(broker=embedded.redis_url()); heard = threading.Event()\n"
        "@app.task(name='hear', ignore_result=True)\n"
        "def hear(word): print(word); heard.set()\n"
        "with start_worker(app, pool='solo', perform_ping_check=False, shutdown_timeout=30):\n"
        "    app.send_task('hear', ['heard through Valkey'], retry=False); assert heard.wait(10)\n",
    )
    assert "heard through Valkey" in done.stdout, done.stderr


def test_killed_throw_away_servers_leave_no_process(home: Path) -> None:
    process = subprocess.Popen(
        [
            *RUN,
            sys.executable,
            "-c",
            "import os, time; print(os.environ['TEXTFLIX_HOME'], flush=True); time.sleep(600)",
        ],
        env=environment(home),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        used = Path(process.stdout.readline().strip())
        assert len(processes(used)) > 3
        process.kill()
    wait_for(lambda: not processes(used), 5)
    for left in ((used / "run" / "sockets").readlink(), used):
        shutil.rmtree(left)


def test_an_interrupted_first_start_heals(home: Path) -> None:
    start = [
        sys.executable,
        "-c",
        "from textflix.running import embedded, servers; embedded.home().mkdir(exist_ok=True);"
        "servers.create_cluster(embedded.home() / 'postgres')",
    ]
    first = subprocess.Popen(start, env=environment(home), cwd=REPOSITORY)
    wait_for(lambda: (home / "postgres.new" / "global").exists(), 10)
    first.kill()
    first.wait()
    assert not (home / "postgres").exists()
    subprocess.run(start, env=environment(home), cwd=REPOSITORY, check=True, timeout=20)
    assert (home / "postgres" / "PG_VERSION").exists()
    assert not (home / "postgres.new").exists()
    wait_for(lambda: not pids(home, "postgres"), 5)


def test_an_address_is_known_only_while_the_site_runs(home: Path) -> None:
    for ask in (embedded.database, embedded.redis_url):
        with pytest.raises(embedded.NotRunning, match="start it with `make run`"):
            ask()
    with embedded.opened():
        folder = embedded.database()["HOST"]
        assert embedded.redis_url() == f"redis+socket://{folder}/valkey.sock"
        assert len(f"{folder}/.s.PGSQL.5432") <= 107
    assert not Path(folder).exists()


def test_a_sockets_folder_that_others_could_enter_is_not_taken_over(home: Path) -> None:
    with embedded.opened():
        folder = Path(embedded.database()["HOST"])
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    (home / "run" / "sockets").symlink_to(folder)
    with embedded.opened():
        assert embedded.database()["HOST"] != str(folder)
    folder.rmdir()


def test_a_temporary_folder_too_long_for_sockets_is_one_sentence(home: Path) -> None:
    long = home / ("t" * 90)
    long.mkdir(parents=True)
    done = _on_throw_away_servers(home, "pass", TMPDIR=str(long))
    assert done.returncode == 1
    assert "is too long a path for sockets" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(long.iterdir()) == []


def test_a_full_disk_is_refused_before_anything_is_made(home: Path) -> None:
    with pytest.raises(Failure, match="is full"):
        servers.check_disk(home, need=10**18)
    assert not home.exists()


def test_the_secret_key_is_made_once_and_private(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: embedded.secret_key(), range(8)))
    assert keys == {embedded.secret_key()}
    assert len(keys.pop()) >= 50
    assert (home / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["secret-key"]


def test_a_command_is_interrupted_in_an_orderly_way(home: Path) -> None:
    code = (
        "import time\ntry:\n    print('up', flush=True); time.sleep(600)\n"
        "except KeyboardInterrupt:\n    print('tidied up')"
    )
    process = subprocess.Popen(
        [*RUN, sys.executable, "-c", code], env=environment(home), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "tidied up\n"
    assert process.returncode == 130


ASK = "from textflix.running import embedded; from tests.running.processes import query;"


def _here(home: Path, code: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "textflix.running.embedded", "here", "--", sys.executable, "-c", ASK + code]
    return subprocess.run(command, env=environment(home), cwd=REPOSITORY, capture_output=True, text=True, timeout=60)


def test_a_command_works_on_the_site_itself_whether_it_runs_or_not(home: Path) -> None:
    done = _here(home, "query(embedded.home(), 'CREATE TABLE kept (n int)'); raise SystemExit(3)")
    assert done.returncode == 3, done.stderr
    assert processes(home) == {}
    with Running(home).ready() as site:
        done = _here(home, "print(query(embedded.home(), 'SELECT count(*) FROM kept'))")
        assert done.stdout.strip() == "[(0,)]", done.stderr
        assert site.process.poll() is None
        site.stop()
