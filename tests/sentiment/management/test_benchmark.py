from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import PAN, PRAISE


def test_the_command_says_how_fast_this_machine_reads(critic_folder: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "texts.jsonl").write_text(f'{{"text": "{PRAISE}"}}\n{{"text": "{PAN}"}}\n')
    options = [f"--critic={critic_folder}", f"--data={tmp_path / 'texts.jsonl'}", "--rounds=1", "--linear", "3"]
    call_command("benchmark", "scoring", *options)
    first, rate = capsys.readouterr().out.splitlines()
    assert ": 3 layers, " in first
    assert rate.startswith("3 texts: ")
    assert float(rate.removeprefix("3 texts: ").removesuffix("/s")) > 0


def test_what_it_cannot_measure_is_said(critic_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text('{"text": "fine"}\n{"txt": 1}\n')
    data = f"--data={tmp_path / 'texts.jsonl'}"
    with pytest.raises(CommandError, match=r"texts\.jsonl.*line 2"):
        call_command("benchmark", "scoring", f"--critic={critic_folder}", data)
    (tmp_path / "texts.jsonl").write_text('{"text": "fine"}\n')
    with pytest.raises(CommandError, match=r"absent.*cannot be read"):
        call_command("benchmark", "scoring", f"--critic={tmp_path / 'absent'}", data)
