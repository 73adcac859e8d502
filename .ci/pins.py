"""Write requirements/ anew from pyproject.toml and constraints.txt: every package with its files' hashes.

`make pins` runs it, after a version was changed in those two. `site.txt` is what the site needs, `dev.txt` what its
checks need besides, `torch.txt` torch with what it alone pulls in: which build a machine takes depends on its index.
"""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TORCH = re.compile(r"(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==")
COMPILE = [
    *[sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--constraints=constraints.txt"],
    *["--universal", "--python-version=3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"],
]


def packages(*options: str) -> list[str]:
    """Each package's lines: its name, version and marker, then its hashes."""
    done = subprocess.run([*COMPILE, *options], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return [package for package in re.split(r"^(?=\S)", done.stdout, flags=re.MULTILINE) if package]


def write(name: str, chosen: list[str]) -> None:
    text = "# Made by `make pins`: do not edit.\n" + "".join(chosen)
    (REPOSITORY / "requirements" / name).write_text(text)
    print(f"pins: requirements/{name}: {len(chosen)} packages")


def main() -> None:
    needed = packages()
    write("site.txt", [package for package in needed if not TORCH.match(package)])
    write("torch.txt", [package for package in needed if TORCH.match(package)])
    write("dev.txt", [package for package in packages("--extra=dev") if package not in needed])


if __name__ == "__main__":
    main()
