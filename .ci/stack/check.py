"""Start every service of docker-compose.yml with podman, use the site through its proxy, and look how it is confined.

`.ci/stack/run` calls it with the base images made. All addresses are 127.0.0.1.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from dockerfile_steps import REPOSITORY, context  # noqa: E402
from visitor import Visitor, slow_connections  # noqa: E402

HTTP_PORT, HTTPS_PORT = 18080, 18443
HEALTHY_S = 300
ENV = {
    "SECRET_KEY": secrets.token_urlsafe(60),
    "ALLOWED_HOSTS": "localhost",
    "POSTGRES_PASSWORD": secrets.token_hex(24),
    "REDIS_PASSWORD": secrets.token_hex(24),
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "ADMIN_USERNAME": "keeper",
    "ADMIN_EMAIL": "keeper@example.org",
    "COMPOSE_PROFILES": "cpu",
    "HTTP_PORT": f"127.0.0.1:{HTTP_PORT}",
    "HTTPS_PORT": f"127.0.0.1:{HTTPS_PORT}",
}
SECRETS = [ENV[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")]


def say(text: str) -> None:
    print(f"stack: {text}", flush=True)


def podman(*arguments: str, check: bool = True, timeout: float = 900) -> str:
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise SystemExit(f"stack: podman {' '.join(arguments)[:300]}: {done.stderr[-2000:]}")
    return done.stdout.strip()


def filled_in(text: str) -> str:
    """The compose file with its variables put in, as compose does it."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name, kind, rest = found["name"], found["kind"], found["rest"]
        if name in ENV:
            return ENV[name]
        if kind == ":?":
            raise SystemExit(f"stack: {name}: {rest}")
        return rest or ""

    return re.sub(r"\$\$|\$\{(?P<name>[A-Z_]+)(?P<kind>:[-?])?(?P<rest>[^}]*)\}", value, text)


def options(name: str, service: dict[str, Any]) -> list[str]:
    """podman's options for what the file says of a service."""
    found = ["--name", name, "--network=textflix", "--read-only-tmpfs=false", f"--network-alias={name}"]
    found += [f"--memory={service['mem_limit']}", f"--pids-limit={service['pids_limit']}"]
    found += ["--read-only"] * service["read_only"] + ["--init"] * service.get("init", False)
    for option, key in (
        ("--cap-drop", "cap_drop"),
        ("--cap-add", "cap_add"),
        ("--security-opt", "security_opt"),
        ("--tmpfs", "tmpfs"),
        ("--publish", "ports"),
    ):
        found += [f"{option}={word}" for word in service.get(key, [])]
    for volume in service.get("volumes", []):
        source, target = volume.split(":", 1)
        found.append(f"--volume={REPOSITORY / source if source.startswith('.') else source}:{target}")
    for variable, value in service.get("environment", {}).items():
        if value is not None or variable in ENV:
            found.append(f"--env={variable}={value if value is not None else ENV[variable]}")
    if "user" in service:
        found.append(f"--user={service['user']}")
    if "shm_size" in service:
        found.append(f"--shm-size={service['shm_size']}")
    return found


class Stack:
    def __init__(self, work: Path) -> None:
        self.work = work
        text = (REPOSITORY / "docker-compose.yml").read_text()
        services = yaml.safe_load(filled_in(text))["services"]
        self.services = {n: s for n, s in services.items() if s.get("profiles", ["cpu"]) == ["cpu"]}

    def build(self) -> None:
        """Build the image from what `docker build` would see, with the packages that this machine's pip finds."""
        folder, wheels = self.work / "context", self.work / "wheels"
        shutil.rmtree(folder, ignore_errors=True)
        context(folder)
        shutil.copy2(REPOSITORY / "Dockerfile", folder)
        for name in ("torch.txt", "site.txt"):
            # The image's Python may be an older release than ours: what is for older ones is fetched, too.
            asked = self.work / name
            asked.write_text(
                re.sub(r" ; python_full_version < [^\\\n]+", " ", (folder / "requirements" / name).read_text())
            )
            get = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--dest={wheels}"]
            subprocess.run([*get, "--requirement", asked], check=True, stderr=subprocess.DEVNULL)
        (self.work / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
        mounts = [f"--volume={wheels}:/wheels:ro", f"--volume={self.work / 'pip.conf'}:/etc/pip.conf:ro"]
        start = time.monotonic()
        podman("build", "--quiet", "--pull=never", "--network=none", *mounts, "--tag=textflix", str(folder))
        size = int(podman("image", "inspect", "textflix", "--format={{.Size}}"))
        say(f"image built in {time.monotonic() - start:.0f} s, {size / 1e9:.1f} GB")

    def up(self) -> None:
        podman("network", "create", "textflix")
        waiting = dict(self.services)
        while waiting:
            for name, service in list(waiting.items()):
                if not waiting.keys() & service.get("depends_on", {}).keys():
                    self.start(name, service)
                    del waiting[name]

    def start(self, name: str, service: dict[str, Any]) -> None:
        start = time.monotonic()
        command = service.get("command", [])
        podman("run", "--detach", "--restart=no", *options(name, service), service["image"], *command)
        if service.get("restart") == "no":
            code = podman("wait", name)
            if code != "0":
                raise SystemExit(f"stack: {name} ended with {code}: {podman('logs', name)}")
            say(f"{name}: done after {time.monotonic() - start:.0f} s")
        elif "healthcheck" in service:
            self.healthy(name)
            say(f"{name}: healthy after {time.monotonic() - start:.0f} s")

    def healthy(self, name: str) -> None:
        """Wait until the service's own check says so; without systemd podman does not call it."""
        kind, *check = self.services[name]["healthcheck"]["test"]
        command = ["podman", "exec", name, *(check if kind == "CMD" else ["sh", "-c", *check])]
        end = time.monotonic() + HEALTHY_S
        while subprocess.run(command, capture_output=True).returncode:
            if time.monotonic() > end or podman("inspect", name, "--format={{.State.Running}}") != "true":
                logs = subprocess.run(["podman", "logs", "--tail=40", name], capture_output=True, text=True)
                raise SystemExit(f"stack: {name} is not healthy: {logs.stdout}{logs.stderr}")
            time.sleep(1)

    def once(self, command: list[str], *extra: str) -> str:
        """`docker compose run --rm trainer COMMAND`: its output."""
        service = self.services["trainer"]
        return podman("run", "--rm", *options("once", service), *extra, service["image"], *command)

    def manage(self, code: str) -> str:
        return podman("exec", "web", "python", "manage.py", "shell", "--no-imports", "-c", code)

    def down(self) -> None:
        for name in [*self.services, "once"]:
            podman("rm", "--force", "--time=15", "--ignore", name, check=False)
        podman("network", "rm", "--force", "textflix", check=False)
        podman("volume", "rm", "--force", "db", "home", check=False)


def certificate(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*new, *names, *files], check=True, capture_output=True)
    (folder / "privkey.pem").chmod(0o600)


def confined(stack: Stack) -> None:
    """Every container is as the file says, seen from inside; no process anywhere shows a secret in its command."""
    for name, service in stack.services.items():
        if service.get("restart") == "no":
            continue
        status = podman("exec", name, "cat", "/proc/1/status")
        capabilities = re.search(r"CapEff:\s*(\w+)", status)
        assert "NoNewPrivs:\t1" in status, name
        assert capabilities is not None
        assert (int(capabilities[1], 16) == 0) == (name != "proxy"), (name, capabilities[1])
        assert int(podman("inspect", name, "--format={{.HostConfig.Memory}}")) > 0, name
        assert int(podman("inspect", name, "--format={{.HostConfig.PidsLimit}}")) == service["pids_limit"], name
        uid = re.search(r"Uid:\s*(\d+)", status)
        memory = podman("stats", "--no-stream", "--format={{.MemUsage}}", name)
        say(f"{name}: uid {uid and uid[1]}, capabilities {capabilities[1]}, {memory}")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        # podman's own call, as `docker run` would be: compose hands variables over by its socket.
        if not command.startswith(("podman", "/usr/bin/conmon")):
            assert not any(secret in command for secret in SECRETS), command[:200]


def used(stack: Stack) -> None:
    """A member posts through the proxy over TLS and sees the verdict, while slow visitors hold connections."""
    stack.manage(
        "from allauth.account.models import EmailAddress; from textflix.members.models import User;"
        "u = User.objects.create_user('reader', 'reader@example.org', 'Corr3ct-horse-battery!');"
        "EmailAddress.objects.create(user=u, email=u.email, verified=True, primary=True)"
    )
    visitor = Visitor(HTTP_PORT, HTTPS_PORT, stack.work / "tls" / "fullchain.pem")
    visitor.is_sent_to_tls()
    visitor.cannot_send_too_much()
    visitor.sign_in("reader", "Corr3ct-horse-battery!")
    say(f"posted and read in {visitor.post_and_wait():.1f} s")
    quiet = visitor.page_seconds()
    with slow_connections(HTTPS_PORT, 45) as held:
        time.sleep(6)
        slow = visitor.page_seconds()
        assert held() == 45
        say(f"home page {quiet * 1000:.0f} ms; with {held()} slow connections {slow * 1000:.0f} ms")
    assert slow < 2
    podman("stop", "--time=15", "web")
    assert visitor.status() == 503
    podman("rm", "web")
    stack.start("web", stack.services["web"])
    visitor.comes_back()
    say("the proxy answers 503 while the site is away, and finds it again")


def kept(stack: Stack) -> None:
    """A backup is made while the site runs, and takes the place of the site in the database once that is stopped."""
    folder = stack.work / "backups"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chown(folder, 10001, 10001)
    mount = f"--volume={folder}:/backups"
    count = "from textflix.reviews.models import Review; print(Review.objects.count())"
    before = stack.manage(count)
    say(stack.once(["python", "manage.py", "backup", "/backups/first"], mount))
    for name in ("proxy", "web", "worker-cpu", "trainer", "beat"):
        podman("stop", "--time=15", name)
    say(stack.once(["python", "manage.py", "restore", "/backups/first", "--replace"], mount))
    say(stack.once(["python", "manage.py", "rebuild_sentiment", "--check"]))
    for name in ("web", "worker-cpu", "trainer", "beat", "proxy"):
        podman("start", name)
    stack.healthy("web")
    assert stack.manage(count) == before
    say(f"restored: {before} reviews")


def main(work: Path) -> None:
    stack = Stack(work)
    certificate(work / "tls")
    (work / "acme").mkdir(exist_ok=True)
    stack.down()
    try:
        stack.build()
        stack.up()
        used(stack)
        confined(stack)
        kept(stack)
    finally:
        stack.down()
    say("built, started, used, confined, backed up and restored")


if __name__ == "__main__":
    folder = Path(sys.argv[1]).absolute()
    ENV |= {"TLS_FOLDER": str(folder / "tls"), "ACME_FOLDER": str(folder / "acme")}
    main(folder)
