"""Run the Dockerfile's own steps without a container engine: its RUN lines, in folders below a scratch root.

What it shows: the files that .dockerignore lets in are enough to install what is pinned, by its hashes, to collect the
static files and to load the site in production. What it cannot show: the base image itself, its users, layers and
capabilities. Where this machine has another build of torch than PyPI's, that one is taken: its hash is not pinned.
"""

import importlib.metadata
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = re.compile(r"(?<![\w.:-])/(?=opt/venv|srv/textflix|var/lib/textflix)")
CHANGES_THIS_MACHINE = ("useradd", "groupadd", "apt-get")
PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "postgres://unused",
    "REDIS_URL": "redis://unused",
    "EMAIL_URL": "smtp://unused",
}


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", (REPOSITORY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def context(folder: Path) -> None:
    """What `COPY . .` would see: the tracked and untracked files that .dockerignore lets in."""
    let_in = {line[1:].strip() for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[0:1] == "!"}
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if Path(name).parts[0] in let_in and (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    release, _, build = importlib.metadata.version("torch").partition("+")
    if build:
        torch = folder / "requirements" / "torch.txt"
        made = torch.stat().st_mtime
        torch.write_text(f"torch=={release}\n")
        os.utime(torch, (made, made))  # or a builder takes its layer for another one


class Build:
    def __init__(self, root: Path) -> None:
        self.root, self.context = root, root / "context"
        context(self.context)
        (root / "bin").mkdir()
        (root / "bin" / "python").symlink_to(os.path.realpath(sys._base_executable))
        (root / "var" / "lib" / "textflix").mkdir(parents=True)  # in the image, useradd makes it
        self.stage()

    def stage(self) -> None:
        self.cwd = self.root
        # As clean as an image's, but for where this machine's pip finds its packages.
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "HOME"}
        self.env = pip | {"PATH": f"{self.root / 'bin'}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def here(self, text: str) -> str:
        return FOLDERS.sub(f"{self.root}/", text)

    def run(self, command: list[str]) -> None:
        subprocess.run(command, cwd=self.cwd, env=self.env, check=True)

    def step(self, word: str, rest: str) -> None:
        print(f"dockerfile: {word} {rest}", flush=True)
        match word:
            case "FROM":
                self.stage()
            case "ENV":
                for pair in shlex.split(self.here(rest)):
                    name, value = pair.split("=", 1)
                    self.env[name] = value.replace("$PATH", self.env["PATH"])
            case "WORKDIR":
                self.cwd = Path(self.here(rest))
                self.cwd.mkdir(parents=True, exist_ok=True)
            case "COPY" if "--from=" not in rest:  # between stages everything stays where it is
                *sources, target = rest.split()
                for source in sources:
                    self.copy(self.context / source, self.cwd / target)
            case "RUN" if rest.startswith(CHANGES_THIS_MACHINE):
                print("dockerfile: left out, because it would change this machine")
            case "RUN":
                self.run(["sh", "-ec", self.here(rest)])
            case "CMD":
                self.env |= PRODUCTION
                self.run([*json.loads(rest), "--check-config"])
                self.run(["python", "manage.py", "check", "--deploy", "--fail-level=WARNING"])
            case "COPY" | "USER" | "EXPOSE":
                pass
            case _:
                raise SystemExit(f"dockerfile: no way to run {word} here")

    @staticmethod
    def copy(source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="textflix-image-") as folder:
        build = Build(Path(folder))
        for word, rest in instructions():
            build.step(word, rest)
    print("dockerfile: every step that can run here did, and the site loads from what they made")


if __name__ == "__main__":
    main()
