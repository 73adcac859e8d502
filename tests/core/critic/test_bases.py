import io
import zipfile
from types import SimpleNamespace

import pytest

from sentiment.core.critic import bases
from sentiment.core.critic.bases import MPNET_PARTS, NEEDED, BaseError, resolve_base


def test_a_base_that_comes_in_five_parts_is_joined_once(tmp_path, monkeypatch):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in NEEDED:
            archive.writestr(f"all-mpnet-base-v2/{name}", f"what {name} holds")
    part_size = len(whole.getvalue()) // len(MPNET_PARTS) + 1
    whole.seek(0)
    for package in MPNET_PARTS:
        (tmp_path / f"{package}.zip.part").write_bytes(whole.read(part_size))

    def installed(package):
        asked.append(package)
        return SimpleNamespace(files=[tmp_path / f"{package}.zip.part"], locate_file=lambda path: path)

    asked = []
    monkeypatch.setattr(bases, "distribution", installed)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):
        with pytest.raises(BaseError, match="are not the expected ones"):
            resolve_base("mpnet")
    assert asked == [*MPNET_PARTS]
    (folder,) = (tmp_path / "cache" / "textflix").iterdir()
    assert {path.name: path.read_text() for path in folder.iterdir()} == {n: f"what {n} holds" for n in NEEDED}
