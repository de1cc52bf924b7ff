"""Builds what Lambda unpacks: the layers and the functions' folders, without Docker and without importing CDK.

Every build is deterministic: the same sources and pins give the same bytes. Byte code is compiled ahead, because
Lambda's file system is read-only: without it, each cold start compiles everything again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from infra import ROOT

RUNTIME = (3, 13)
LAMBDA = "aarch64-manylinux2014"

# What a signature check imports: PyNaCl's binding to libsodium, and the one module of cffi that it needs.
INGRESS_PACKAGES = ("pynacl", "cffi")
INGRESS_FILES = ("nacl/__init__.py", "nacl/_sodium*.so", "_cffi_backend*.so")

# botocore brings 25 MB of descriptions of 400 services. The functions may call these and no other (their roles say so),
# so the rest would only make the layer slow to upload and to unpack.
AWS_SERVICES = ("dynamodb", "sqs", "ssm")

# Of our own library, the folder that only tests import.
TESTING_KIT = "testing"

# Of use to installers, type checkers and compilers, never to a running function.
UNUSED = ("*.dist-info", "bin", "**/*.pyi", "**/py.typed", "**/tests", "**/__pycache__")


def build_vendor(target: Path, *, packages: Iterable[str] | None = None, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the pins of requirements.txt.

    `packages` names some of them (default: all). `platform` is one of uv's (default: Lambda's arm64); None is this
    machine and this Python. Raises ValueError for a package without a pin and CalledProcessError when uv fails.
    """
    site = _empty(target) / "python"
    for_platform = ["--python", sys.executable]
    if platform is not None:
        for_platform = ["--python-platform", platform, "--python-version", _dotted(RUNTIME)]
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site), *for_platform),
            *("--only-binary=:all:", "--no-deps", "--no-compile", "--link-mode=copy"),
            *pins(packages),
        ],
        check=True,
    )
    _delete(path for pattern in UNUSED for path in site.glob(pattern))
    for catalogue in (site / "botocore" / "data", site / "boto3" / "data"):
        _delete(path for path in catalogue.glob("*/") if path.name not in AWS_SERVICES)
    precompile(target, at="/opt", platform=platform)


def build_vendor_ingress(target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with the little that the ingress imports of third parties; see `build_vendor`."""
    build_vendor(target, packages=INGRESS_PACKAGES, platform=platform)
    site = target / "python"
    wanted = {path for pattern in INGRESS_FILES for path in site.glob(pattern)}
    _delete(path for path in site.rglob("*") if path.is_file() and path not in wanted)
    _delete(path for path in sorted(site.rglob("*"), reverse=True) if path.is_dir() and not any(path.iterdir()))
    precompile(target, at="/opt", platform=platform)


def build_first_party(target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target/python` with our own library as it lies in layers/watchbell, but for its testing kit."""
    _copy(ROOT / "layers" / "watchbell", _empty(target))
    shutil.rmtree(target / "python" / "watchbell" / TESTING_KIT)
    precompile(target, at="/opt", platform=platform)


def build_function(name: str, target: Path, *, platform: str | None = LAMBDA) -> None:
    """Fill `target` with the folder functions/`name`."""
    _copy(ROOT / "functions" / name, _empty(target))
    precompile(target, at="/var/task", platform=platform)


def precompile(target: Path, *, at: str, platform: str | None) -> None:
    """Write the byte code of every module in `target`, whose contents Lambda will find under the path `at`.

    Unchecked: Lambda never asks whether the source is newer. Only its own version of Python can write what it reads;
    built with another, the bundle goes without, and a warning says that its cold starts are slower.
    """
    if platform is not None and sys.version_info[:2] != RUNTIME:
        warnings.warn(
            f"Python {_dotted(sys.version_info[:2])} cannot write byte code for Lambda's {_dotted(RUNTIME)}, so cold "
            f"starts will take about twice as long. Deploy from Python {_dotted(RUNTIME)}.",
            stacklevel=1,
        )
        return
    # In a fresh interpreter, because byte code depends on what else its process has interned.
    subprocess.run(
        [
            *(sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(target), "-p", at, str(target)),
        ],
        check=True,
    )


def pins(packages: Iterable[str] | None = None) -> list[str]:
    """The lines `name==version` of requirements.txt: all, or of these packages. ValueError where one is not there."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = {line.split("==")[0]: line for line in lines if line and not line.startswith("#")}
    missing = set(packages or ()) - pinned.keys()
    if missing:
        raise ValueError(f"requirements.txt has no pin for {', '.join(sorted(missing))}")
    return [pinned[name] for name in (packages or pinned)]


def fingerprint(*parts: str | Path) -> str:
    """SHA-256 of all that decides what a build yields: words, files, folders, this builder and the compiling Python."""
    digest = hashlib.sha256(f"compiled by {_dotted(sys.version_info[:2])}\n".encode())
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
