"""What is written is there whole or not at all, whoever fails, dies or writes beside it."""

import subprocess
import sys
import threading

import pytest

from sentiment.core.files import PARTIAL, whole_file, whole_folder


def test_a_file_appears_whole_once_it_is_written(tmp_path):
    path = tmp_path / "new"
    with whole_file(path) as handle:
        handle.write(b"one, ")
        handle.flush()
        assert not path.exists()
        handle.write(b"two")
    assert path.read_bytes() == b"one, two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_whole_once_it_is_filled(tmp_path):
    path = tmp_path / "new"
    with whole_folder(path) as filled:
        (filled / "inner").mkdir()
        (filled / "inner" / "file").write_text("content")
        assert not path.exists()
    assert (path / "inner" / "file").read_text() == "content"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_midway_leaves_what_was_there_and_nothing_else(tmp_path, failure):
    def fail_in_a_file():
        with whole_file(tmp_path / "old") as handle:
            handle.write(b"half")
            raise failure

    def fail_in_a_folder():
        with whole_folder(tmp_path / "folder") as filled:
            (filled / "file").write_text("half")
            raise failure

    (tmp_path / "old").write_text("precious")
    for fail in (fail_in_a_file, fail_in_a_folder):
        with pytest.raises(failure):
            fail()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old", "precious")]


def test_a_folder_takes_an_empty_ones_place_and_no_other(tmp_path):
    for name in ("full", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "file").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in ("full", "file"):
        with pytest.raises(OSError), whole_folder(tmp_path / name) as filled:
            filled.joinpath("file").write_text("new")
    with whole_folder(tmp_path / "empty") as filled:
        (filled / "file").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full"]
    kept = [(tmp_path / name).read_text() for name in ("full/file", "file", "empty/file")]
    assert kept == ["precious", "precious", "new"]


def test_a_folder_that_is_missing_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "no" / "file"):
        pass
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "no" / "folder"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_writers_at_once_leave_one_whole_file(tmp_path):
    path, both = tmp_path / "file", threading.Barrier(2, timeout=60)

    def write(letter):
        with whole_file(path) as handle:
            handle.write(letter * 1000)
            both.wait()
            handle.write(letter * 1000)

    writers = [threading.Thread(target=write, args=[letter]) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() in (b"a" * 2000, b"b" * 2000)
    assert list(tmp_path.iterdir()) == [path]


# Dies just before the step of that number, of all that open, make, rename or remove something in the folder.
DIES = """
import os, sys
from pathlib import Path
from sentiment.core.files import whole_file, whole_folder

place, last, steps = Path(sys.argv[1]), int(sys.argv[2]), 0

def step(event, arguments):
    global steps
    if event in ("open", "os.mkdir", "os.rename", "os.remove") and str(arguments[0]).startswith(str(place)):
        steps += 1
        if steps > last:
            os._exit(9)

sys.addaudithook(step)
with whole_file(place / "file") as handle:
    handle.write(b"new")
with whole_folder(place / "folder") as filled:
    (filled / "one").write_text("1")
    (filled / "two").write_text("2")
"""


def test_who_dies_at_any_moment_leaves_the_old_or_the_whole_new(tmp_path):
    seen = []
    for steps in range(50):
        place = tmp_path / str(steps)
        place.mkdir()
        (place / "file").write_text("old")
        done = subprocess.run([sys.executable, "-c", DIES, str(place), str(steps)], check=False)
        folder = place / "folder"
        inside = sorted(path.read_text() for path in folder.iterdir()) if folder.exists() else None
        seen.append(((place / "file").read_text(), inside))
        others = {path for path in place.iterdir() if path.name not in ("file", "folder")}
        assert all(path.name.startswith(".") and path.name.endswith(PARTIAL) for path in others)
        if done.returncode == 0:
            break
    else:
        pytest.fail("it never ended by itself")
    assert others == set()
    assert list(dict.fromkeys(map(repr, seen))) == ["('old', None)", "('new', None)", "('new', ['1', '2'])"]
