"""What a newcomer does: clone, paste the command of CONTRIBUTING into one file, and run the tests."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DICE = "layers/watchbell/python/watchbell/commands/dice.py"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files belong to the repository")
def test_the_command_of_contributing_passes_the_tests_with_a_warning_for_its_translations(tmp_path):
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for file in filter(None, files):
        if (ROOT / file).exists():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tmp_path / file)
    source = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)[1]
    (tmp_path / DICE).write_text(source)

    # Run the laws, and the unit tests that read the catalogue. No other test can break by a new command.
    units = [path for path in (tmp_path / "tests/unit").glob("test_*.py") if "catalogue" in path.read_text()]
    command = [sys.executable, "-m", "pytest", "tests/house", *units, "--ignore", "tests/house/test_one_file.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout
    (warning,) = re.findall(r"UserWarning: (.*)", ended.stdout)
    texts = "'dice', 'Roll a die', 'sides', 'How many sides it has', 'Again'"
    lacking = re.fullmatch(r"de, es, fr, ja: no translation of (.*)\. Run `make words`.*", warning)[1]
    assert sorted(lacking.split(", ")) == sorted(texts.split(", "))
