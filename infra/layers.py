"""Build the layers and the functions' folders for Lambda, without Docker and without importing CDK.

Every build is deterministic: the same sources and pins give the same bytes. Byte code is compiled ahead of time.
Otherwise each cold start would compile everything again, because Lambda's file system is read-only.
"""

from __future__ import annotations

import ast
import hashlib
import shutil
import struct
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from infra import ROOT

RUNTIME = (3, 13)
LAMBDA = "aarch64-manylinux_2_28"

# Everything that the ingress can import. A new file elsewhere in the library does not make its cold start larger.
# What only deferred handlers import is not there.
INGRESS_PACKAGES = ("pynacl", "cffi")
INGRESS_THIRD_PARTY = ("nacl/__init__.py", "nacl/_sodium*.so", "_cffi_backend*.so")  # what a signature check imports
INGRESS_WATCHBELL = (
    *("*.py", "locales/*.mo", "api/*.py", "commands/*.py", "discord/*.py", "kit/*.py", "tools/*.py"),
    *("doors/__init__.py", "doors/ingress.py", "data/__init__.py", "data/tables.py"),
    *(f"interactions/{name}.py" for name in ("__init__", "apology", "call", "dispatch", "forms", "gate")),
    *("interactions/responses.py", "interactions/time_limit.py"),
    *("adapters/amazon_roots.pem", "adapters/__init__.py", "adapters/api_gateway.py"),
    *(f"adapters/{name}.py" for name in ("json_text", "logs")),
    *(f"adapters/{name}.py" for name in ("aws_json", "post", "sigv4", "enqueue", "parameters")),
    *(f"adapters/{name}.py" for name in ("dynamodb", "records", "server_settings", "stash")),
    *("status/__init__.py", "status/states.py", "status/roster.py", "adapters/rosters.py", "checks/*.py"),
    *("outbox/__init__.py", "outbox/kinds.py"),
)
# It reads the labels of these files, to offer the kinds of checks, and imports none. So its layer has only the labels.
INGRESS_LABELS = "checks/*.py"
# Files of these rooms that it never imports. They are named because they are large; a new file in a room is shipped.
INGRESS_LACKS = (
    *("kit/check.py", "kit/event.py", "kit/monitors.py", "discord/answers.py", "discord/webhook.py"),
    *(f"tools/{name}.py" for name in ("applying", "batching", "configuring", "departures", "handling", "noticing")),
    *(f"tools/{name}.py" for name in ("places", "reading", "repairing", "watching")),
)

# The same for the heartbeat function, which uses no third party.
HEARTBEAT_WATCHBELL = (
    *("__init__.py", "errors.py", "data/__init__.py", "data/tables.py", "status/__init__.py", "status/ping.py"),
    *("doors/__init__.py", "doors/heartbeat.py", "adapters/amazon_roots.pem"),
    *(f"tools/{name}.py" for name in ("__init__", "grants", "toolbox")),
    *(f"adapters/{name}.py" for name in ("__init__", "api_gateway", "json_text", "logs", "pings", "dynamodb")),
    *(f"adapters/{name}.py" for name in ("aws_json", "post", "sigv4")),
)

# botocore describes 400 services in 25 MB. The functions' roles allow only these services, so the other descriptions
# would only make the layer slow to upload and to unpack.
AWS_SERVICES = ("dynamodb", "sqs", "ssm")

# The folder of the Watchbell library that only tests import. It is not shipped.
TESTING_KIT = "testing"

# The end of the build's name in the sources, which the commit replaces.
UNSTAMPED = '+source"'

# The folders whose docstrings are read at run time: they describe the options of commands.
FEATURES = ("commands", "events", "schedules", "checks")

# A zip keeps the modes of files, and a function runs as another user than the one that unpacks it. Some umasks and some
# wheels would give it files that it may not read.
FILE_MODE, FOLDER_MODE = 0o644, 0o755

# Installers, type checkers and compilers read these files. A running function never does.
UNUSED = ("*.dist-info", "bin", "**/*.pyi", "**/py.typed", "**/tests", "**/__pycache__")


def build_vendor(target: Path, *, packages: Iterable[str] | None = None, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the packages that requirements.txt pins. Their hashes must be the ones in that file.

    `packages` selects some of them (default: all). `platform` is a platform name of uv (default: Lambda's arm64). None
    means this machine and this Python. Raise ValueError for a package without a pin, and CalledProcessError if uv
    fails.
    """
    _install(_empty(target) / "python", packages, platform)
    precompile(target, at="/opt", platform=platform)


def _install(site: Path, packages: Iterable[str] | None, platform: str | None) -> None:
    for_platform = ["--python", sys.executable]
    if platform is not None:
        for_platform = ["--python-platform", platform, "--python-version", _dotted(RUNTIME)]
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site), *for_platform),
            *("--only-binary=:all:", "--no-deps", "--no-compile", "--link-mode=copy"),
            *("--require-hashes", "--requirements", "-"),
        ],
        input="\n".join(pins(packages)),
        text=True,
        check=True,
    )
    _delete(path for pattern in UNUSED for path in site.glob(pattern))
    for catalogue in (site / "botocore" / "data", site / "boto3" / "data"):
        _delete(path for path in catalogue.glob("*/") if path.name not in AWS_SERVICES)
    for path in site.rglob("*.so"):
        path.write_bytes(stripped(path.read_bytes()))


def stripped(library: bytes) -> bytes:
    """Return a shared library without its debug information and its section table.

    Both come after the segments, and a loader reads only those. PyNaCl's library is 2.8 MB with them and 0.5 MB
    without. Source: the ELF specification. What is no 64-bit little-endian ELF file is returned as it is.
    """
    if library[:6] != b"\x7fELF\x02\x01":
        return library
    (table,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    segments = (struct.unpack_from("<4xI6Q", library, table + number * size) for number in range(count))
    end = max([table + size * count, *(offset + in_file for _flags, offset, _v, _p, in_file, *_ in segments)])
    header = bytearray(library[:64])
    struct.pack_into("<Q", header, 40, 0)  # where the section table begins
    struct.pack_into("<HH", header, 60, 0, 0)  # how many sections there are, and which one has their names
    return bytes(header) + library[64:end]


def build_ingress(target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the third-party files and the part of the Watchbell library that the ingress imports.

    It is the only layer of the ingress. See `build_vendor` for `platform` and errors.
    """
    site = _empty(target) / "python"
    _install(site, INGRESS_PACKAGES, platform)
    _copy(ROOT / "layers" / "watchbell", target)
    third_party = {path for pattern in INGRESS_THIRD_PARTY for path in site.glob(pattern)}
    _keep(site, third_party | for_ingress(site))
    for path in (site / "watchbell").glob(INGRESS_LABELS):
        label = path.read_text("utf-8").partition("check = Check(")[2].partition('N_("')[2].partition('")')[0]
        path.write_text(f'check = Check(N_("{label}"))\n' if label else "", "utf-8")
    said = _said(site / "watchbell")
    for path in (site / "watchbell" / "locales").glob("*.mo"):
        path.write_bytes(only_said(path.read_bytes(), said))
    _finish_first_party(target, platform)


def build_heartbeat(target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the part of the Watchbell library that the heartbeat function imports.

    It is the only layer of the function.
    """
    _copy(ROOT / "layers" / "watchbell", _empty(target))
    _keep(target / "python", for_heartbeat(target / "python"))
    _finish_first_party(target, platform)


def for_ingress(site: Path) -> set[Path]:
    """Return the files of the library `site/watchbell` that the ingress's layer has."""
    found = {path for pattern in INGRESS_WATCHBELL for path in (site / "watchbell").glob(pattern)}
    return found - {site / "watchbell" / name for name in INGRESS_LACKS}


def for_heartbeat(site: Path) -> set[Path]:
    """Return the files of the library `site/watchbell` that the heartbeat function's layer has."""
    return {path for pattern in HEARTBEAT_WATCHBELL for path in (site / "watchbell").glob(pattern)}


def _said(library: Path) -> str:
    """All texts in the sources, in one: each word is followed by a space."""
    trees = (ast.parse(path.read_text("utf-8")) for path in sorted(library.rglob("*.py")))
    nodes = (node for tree in trees for node in ast.walk(tree))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return " ".join(word for text in texts for word in text.split())


def only_said(catalogue: bytes, said: str) -> bytes:
    """Return a `.mo` file with only the translations of texts that are in `said`, and its header.

    A catalogue with everything that the bot can say is several times as large as what the ingress can say.
    """
    count, originals, translations = struct.unpack_from("<3I", catalogue, 8)

    def text(table: int, number: int) -> bytes:
        length, start = struct.unpack_from("<2I", catalogue, table + 8 * number)
        return catalogue[start : start + length]

    def is_kept(original: bytes) -> bool:
        """`original` is the text, perhaps after a context and \\x04, perhaps before \\0 and its plural."""
        words = original.rpartition(b"\x04")[2].partition(b"\0")[0].decode().split()
        return " ".join(words) in said

    kept = [text(originals, number) for number in range(count) if is_kept(text(originals, number))]
    found = {text(originals, number): text(translations, number) for number in range(count)}
    texts = [*kept, *(found[original] for original in kept)]
    begin = 28 + 8 * len(texts)
    places, content = b"", b""
    for each in texts:
        places += struct.pack("<2I", len(each), begin + len(content))
        content += each + b"\0"
    end = 28 + 8 * len(kept)
    return struct.pack("<7I", 0x950412DE, 0, len(kept), 28, end, 0, begin) + places + content


def _keep(site: Path, wanted: set[Path]) -> None:
    """Delete all other files, and the folders that are empty then."""
    _delete(path for path in site.rglob("*") if path.is_file() and path not in wanted)
    _delete(path for path in sorted(site.rglob("*"), reverse=True) if path.is_dir() and not any(path.iterdir()))


def build_first_party(target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the Watchbell library from layers/watchbell, without its testing kit."""
    _copy(ROOT / "layers" / "watchbell", _empty(target))
    shutil.rmtree(target / "python" / "watchbell" / TESTING_KIT)
    _finish_first_party(target, platform)


def _finish_first_party(target: Path, platform: str | None) -> None:
    library = target / "python" / "watchbell"
    _stamp(library / "adapters" / "logs.py")
    precompile(target, at="/opt", platform=platform)
    _empty_docstrings(library)


def commit() -> str:
    """Return the commit of the sources, with `-dirty` if files differ from it, or `unknown` without git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--abbrev=10", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _empty_docstrings(folder: Path) -> None:
    """Empty the docstrings in the sources, except those of features. They are a third of what is uploaded.

    The lines keep their numbers: Python reads the sources to show the lines of a stack.
    """
    for path in sorted(folder.rglob("*.py")):
        if path.parent.name in FEATURES:
            continue
        text = path.read_text("utf-8")
        lines = text.splitlines(keepends=True)
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
                    lines[first - 1 : last] = [" " * node.col_offset + '""\n', *["\n"] * (last - first)]
        path.write_text("".join(lines), "utf-8")


def _stamp(module: Path) -> None:
    """Write the commit into the module that adds the build to each log line."""
    text = module.read_text("utf-8")
    assert text.count(UNSTAMPED) == 1, module
    module.write_text(text.replace(UNSTAMPED, f'+{commit()}"'), "utf-8")


def build_function(name: str, target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target` with the folder functions/`name`."""
    _copy(ROOT / "functions" / name, _empty(target))
    precompile(target, at="/var/task", platform=platform)


def precompile(target: Path, *, at: str, platform: str | None) -> None:
    """Finish a build: write the byte code of every module in `target`, and let everybody read all of it.

    `at` is the path where Lambda unpacks `target`.
    The byte code is unchecked: Python does not check whether the source is newer. Only the Python version that Lambda
    runs can write byte code for it. On another version, warn that cold starts will be slower, and write none.
    """
    if platform is not None and sys.version_info[:2] != RUNTIME:
        warnings.warn(
            f"Python {_dotted(sys.version_info[:2])} cannot write byte code for Lambda's {_dotted(RUNTIME)}, so cold "
            f"starts will take about twice as long. Deploy from Python {_dotted(RUNTIME)}.",
            stacklevel=1,
        )
    else:
        # Compile in a new process: byte code depends on the strings that its process has interned before.
        subprocess.run([sys.executable, "-I", "-c", _COMPILE, str(target), at, " ".join(FEATURES)], check=True)
    for path in (target, *target.rglob("*")):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


_COMPILE = """
import importlib.util, pathlib, py_compile, sys
target, at = pathlib.Path(sys.argv[1]), sys.argv[2]
FEATURES = sys.argv[3].split()
for source in sorted(target.rglob("*.py")):
    # Docstrings are a sixth of the ingress's own code, and only those of features are read at run time.
    ours = source.relative_to(target).parts[:2] == ("python", "watchbell")
    py_compile.compile(
        str(source), importlib.util.cache_from_source(str(source), optimization=""),
        str(pathlib.Path(at, source.relative_to(target))), doraise=True,
        optimize=2 if ours and source.parent.name not in FEATURES else 0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
"""
"""Writes the byte code of a folder. It runs in a process of its own."""


def pins(packages: Iterable[str] | None = None) -> list[str]:
    """Return the requirements `name==version --hash=…` of requirements.txt: all of them, or those of `packages`.

    Raise ValueError if a package has no requirement.
    """
    lines = (ROOT / "requirements.txt").read_text().replace("\\\n", "").splitlines()
    pinned = {line.split("==")[0]: " ".join(line.split()) for line in lines if line and not line.startswith("#")}
    missing = set(packages or ()) - pinned.keys()
    if missing:
        raise ValueError(f"requirements.txt has no pin for {', '.join(sorted(missing))}")
    return [pinned[name] for name in (packages or pinned)]


def fingerprint(*parts: str | Path) -> str:
    """Return a SHA-256 hex digest of everything that determines the result of a build.

    That is `parts` (words, files and folders), this file, the modes of the result, and the version of the Python that
    compiles.
    """
    modes = f"modes {FILE_MODE:o} {FOLDER_MODE:o}"
    digest = hashlib.sha256(f"compiled by {_dotted(sys.version_info[:2])}, {modes}\n".encode())
    for part in (Path(__file__), *parts):
        if isinstance(part, str):
            digest.update(f"word {part}\n".encode())
            continue
        files = sorted(_sources(part)) if part.is_dir() else [part]
        for file in files:
            name = file.relative_to(part) if part.is_dir() else file.name
            digest.update(f"file {name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def _empty(target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    _delete(target.iterdir())
    return target


def _delete(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
