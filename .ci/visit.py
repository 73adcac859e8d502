"""Start the site with `make run` as whoever runs this, visit it, stop it with Ctrl-C, and see that nothing is left.

Standard library only, because it runs before anything is installed. Usage: visit.py PORT
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

INSTALL_S, READY_S, STOP_S = 1200, 300, 40


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310  an address of our own
            return answer.status, answer.read().decode()
    except URLError as error:
        return getattr(error, "code", 0), str(error)


def wait(what: str, seconds: float, until: Callable[[], bool], site: subprocess.Popen[bytes]) -> None:
    start = time.monotonic()
    while not until():
        if site.poll() is not None:
            raise SystemExit(f"visit: make run ended with exit code {site.returncode} while waiting for {what}")
        if time.monotonic() - start > seconds:
            raise SystemExit(f"visit: no {what} within {seconds} s")
        time.sleep(1)
    print(f"visit: {what} after {time.monotonic() - start:.0f} s", flush=True)


def of_this_site(home: str) -> list[str]:
    """Command lines of the living processes that were started for this TEXTFLIX_HOME, the caller's own aside."""
    mark, found = f"\0TEXTFLIX_HOME={home}\0".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == os.getsid(0):
                continue
            # The servers write their titles over their environment; their working folder tells them.
            inside = (process / "cwd").resolve().is_relative_to(home)
            if inside or mark in b"\0" + (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " ")[:150])
        except OSError:
            continue
    return [line for line in found if line]


def main(port: str) -> None:
    home, base = os.environ["TEXTFLIX_HOME"], f"http://127.0.0.1:{port}"
    with subprocess.Popen(["make", "run"], env=os.environ | {"PORT": port}, start_new_session=True) as site:
        try:
            wait("page", INSTALL_S, lambda: get(f"{base}/")[0] == 200, site)
            wait("ready answer", READY_S, lambda: get(f"{base}/readyz")[0] == 200, site)
            page, readiness = get(f"{base}/"), get(f"{base}/readyz")
            if "/film/" not in page[1] or '"database": true' not in readiness[1] or '"reading": ' not in readiness[1]:
                raise SystemExit(f"visit: not what was expected: {readiness}, {page[1][:2000]}")
            print(f"visit: {len(page[1]):,} characters of home page, {readiness[1]}", flush=True)
            if len(of_this_site(home)) < 6:
                raise SystemExit(f"visit: only these run: {of_this_site(home)}")
            os.killpg(site.pid, signal.SIGINT)
            site.wait(STOP_S)
            if left := of_this_site(home):
                raise SystemExit("visit: still there after Ctrl-C: " + "; ".join(left))
        finally:
            if site.poll() is None:
                os.killpg(site.pid, signal.SIGTERM)
    print("visit: stopped, and nothing is left")


if __name__ == "__main__":
    main(sys.argv[1])
