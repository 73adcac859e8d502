"""`make run`: the whole site as the children of one process. Standard library only; Django runs in the children."""

from __future__ import annotations

import contextlib
import errno
import http.client
import math
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from textflix.running import embedded, heartbeat, servers
from textflix.running.children import Child, Failure, how_it_ended
from textflix.running.environment import check_numbers, number
from textflix.running.signs import HEALTHZ, Answer, Renewed
from textflix.running.supervisor import Stopped, Supervisor, complain, say

ADDRESS = "127.0.0.1"
GUNICORN = [sys.executable, "-m", "gunicorn", "--config=python:textflix.running.gunicorn_settings", "textflix.wsgi"]
SCORING_NICE, TRAINING_NICE = 5, 10
# Of the embedded database's connections: for workers, commands, and a look at it by hand.
NOT_FOR_PAGES = 10


@dataclass(frozen=True)
class Site:
    """What is run once the servers answer: first `setup`, to its end, then all the `children`."""

    port: int
    setup: Child
    children: list[Child]


def textflix() -> Site:
    """The site as the environment asks for it."""
    check_numbers()
    if embedded.wants_postgres():
        check_connections()
    port, patience = number("PORT"), number("HANG_PATIENCE")
    web = Child(
        "The web server",
        GUNICORN,
        cwd=embedded.REPOSITORY,
        vital=True,
        sign=lambda: Answer((ADDRESS, port), HEALTHZ),
        patience=patience,
    )
    # Pages come first: torch would otherwise take both cores from them.
    reading, training = _worker("scoring", "live,backfill"), _worker("training", "train")
    scorer = _celery("The scoring worker", reading, patience, nice=SCORING_NICE, longest_task=patience)
    trainer = _celery("The training worker", training, 10 * patience, nice=TRAINING_NICE)
    # The schedule is kept in memory: a file would be one more thing that kill -9 can corrupt.
    beat = _celery("Celery beat", ["beat", "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler"], patience)
    first = _manage("Bringing the first critic", "first_critic", nice=SCORING_NICE)
    return Site(port, _manage("Setting up", "setup"), [web, scorer, trainer, beat, first])


def run(site: Site) -> None:
    """Run the site until it is stopped; raises Stopped, or Failure with the reason it cannot go on."""
    check_port(site.port)
    embedded.check()
    os.environ.update(TEXTFLIX_HOME=str(embedded.home()), PORT=str(site.port), PYTHONUNBUFFERED="1")
    # One core stays free for pages: torch's threads wait for each other, and ten times slower where one must wait for
    # a core that a page or the database has.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))
    with embedded.opened(), Supervisor() as supervisor:
        say(f"starting; everything is kept in {embedded.home()}")
        embedded.start(supervisor)
        if code := supervisor.call(site.setup):
            raise Failure(f"{site.setup.name} ended with {how_it_ended(code)}, so nothing was started.")
        supervisor.start(site.children)
        supervisor.wait(lambda: answers(site.port), "the web server does not answer yet …")
        _announce(site.port)
        supervisor.watch()


def check_connections() -> None:
    """Raise Failure where pages would want more connections than the embedded database gives them."""
    wanted = number("WEB_CONCURRENCY") * number("WEB_THREADS")
    most = int(servers.SETTINGS["max_connections"]) - NOT_FOR_PAGES
    if wanted > most:
        raise Failure(
            f"WEB_CONCURRENCY times WEB_THREADS is {wanted}, and the embedded database has connections for {most}: "
            "lower one of them, or set DATABASE_URL to a server of your own."
        )


def check_port(port: int, patience: float = 3.0) -> None:
    """Raise Failure where the port is taken. The web server of a killed runner needs a moment to let go of it."""
    deadline = time.monotonic() + patience
    advice = "choose another, as in `PORT=8001 make run`."
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise Failure(f"Port {port} cannot be used ({error.strerror}): {advice}") from error
        if time.monotonic() >= deadline:
            raise Failure(f"Port {port} is in use: stop what listens there, or {advice}")
        time.sleep(0.2)


def answers(port: int) -> bool:
    """Return whether a process serves pages there; a refused Host header is an answer too."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
    return False


def _announce(port: int) -> None:
    say(f"ready at http://{ADDRESS}:{port}/ (Ctrl-C stops it)")
    password = embedded.home() / "admin-password"
    if password.exists():
        say(f"log in at http://{ADDRESS}:{port}/admin/")
        say(f"the first administrator's password is in {password}, for you alone to read")


def _worker(name: str, queues: str) -> list[str]:
    # The solo pool, because CUDA and fork do not mix. Gossip and mingle are talk between workers that nobody needs.
    options = ["--pool=solo", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
    return ["worker", f"--queues={queues}", f"--hostname={name}@%h", *options]


def _celery(
    name: str, arguments: list[str], patience: float, *, nice: int = 0, longest_task: float = math.inf
) -> Child:
    command = [sys.executable, "-m", "celery", "--quiet", "--app=textflix", *arguments]
    heart = embedded.home() / "run" / f"{name.lower().replace(' ', '-')}.alive"
    return Child(
        name,
        command,
        cwd=embedded.REPOSITORY,
        nice=nice,
        sign=lambda: Renewed(heart),
        patience=patience,
        environment={heartbeat.FILE: str(heart), heartbeat.LONGEST_TASK: str(longest_task)},
    )


def _manage(name: str, command: str, nice: int = 0) -> Child:
    return Child(name, [sys.executable, "manage.py", command], cwd=embedded.REPOSITORY, nice=nice, once=True)


def main(site: Callable[[], Site] = textflix) -> int:
    try:
        run(site())
    except (Stopped, KeyboardInterrupt):
        say("stopped")
    except (Failure, OSError) as failure:
        complain(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
