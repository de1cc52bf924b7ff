"""A newcomer's first steps: clone, paste the command from CONTRIBUTING into one file, and run the tests."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_FEATURES = [f"tests/unit/test_{name}.py" for name in ("catalogue", "flags", "languages", "registration")]
"""The unit tests that walk over all features. The others cannot see a new command, and would take a minute."""
DICE = "layers/watchbell/python/watchbell/commands/dice.py"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files belong to the repository")
def test_the_command_of_contributing_passes_the_tests_with_a_warning_for_its_translations(tmp_path):
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for file in filter(None, files):
        if (ROOT / file).is_file():  # neither deleted nor a link to a folder
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tmp_path / file)
    source = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)[1]
    (tmp_path / DICE).write_text(source)

    command = [sys.executable, "-m", "pytest", "tests/house", "--ignore", "tests/house/test_one_file.py", *OF_FEATURES]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout
    assert re.search(r"UserWarning: .*no translation of .*make translations", ended.stdout)
