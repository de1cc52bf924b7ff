"""Build on disk what Lambda would unpack: the runtime, and the code and layers of each contender."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra import layers

PEERS = Path(__file__).parent / "peers"
CORDLESS_NEEDS = (
    *("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"),  # from Lambda's runtime
    *("pynacl", "cffi"),  # cordless uploads these
)
CORDLESS_LEAVES = ("cli.py", "deploy.py", "dev.py", "upload.py", "_aws.py", "_env.py", "_progress.py")
"""Files of cordless that it does not upload."""
RUNTIME_PACKAGES = ("awslambdaric", "simplejson", "snapshot-restore-py")


class Runtime:
    """Lambda's Python runtime client and its dependencies in `folder`, as in Lambda's /var/runtime.

    Nothing else from this environment is there. A bundle that lacks a package must fail here as it would on Lambda.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in RUNTIME_PACKAGES:
            for file in importlib.metadata.files(package) or ():
                if file.suffix in (".py", ".so"):
                    copy = folder / file
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file.locate(), copy)
        layers.precompile(folder, at="/var/runtime", platform=None)


@dataclass(frozen=True)
class Bundle:
    """A function as Lambda unpacks it. `task` is its /var/task, `layers` is its /opt/python."""

    name: str
    task: Path
    layers: Path
    runtime: Runtime


class Bundles:
    """The contenders, built in `folder` for this machine, with the functions that build the deployment.

    The byte code of all contenders is compiled ahead, as in a deployment. uv downloads the pinned packages, or takes
    them from its cache. Raise CalledProcessError if it cannot.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runtime = Runtime(folder / "runtime")
        vendor, ingress, heartbeat, watchbell = (
            folder / name for name in ("vendor", "ingress", "heartbeat", "watchbell")
        )
        layers.build_vendor(vendor, platform=None)
        layers.build_ingress(ingress, platform=None)
        layers.build_heartbeat(heartbeat, platform=None)
        layers.build_first_party(watchbell, platform=None)
        self.ingress = self._function("ingress", ingress)
        self.heartbeat = self._function("heartbeat", heartbeat)
        self.worker = self._function("worker", watchbell, vendor)
        self.noop = self._peer("noop")
        self.boto3 = self._peer("boto3_sdk", vendor)
        cordless = folder / "cordless"
        _build_cordless(cordless)
        self.cordless = self._peer("cordless_bot", cordless)

    def deployed_bytes(self) -> int:
        """Return the size in bytes of what a deployment of the ingress uploads: function and layer, arm64, zipped."""
        parts: tuple[Callable[[Path], None], ...] = (
            lambda target: layers.build_function("ingress", target),
            layers.build_ingress,
        )
        total = 0
        for number, build in enumerate(parts):
            target = self._folder / f"deployed-{number}"
            build(target)
            total += _zipped(target)
        return total

    def _function(self, name: str, *layer: Path) -> Bundle:
        return self._bundle(name, lambda task: layers.build_function(name, task, platform=None), *layer)

    def _peer(self, name: str, *layer: Path) -> Bundle:
        def build(task: Path) -> None:
            shutil.copytree(PEERS / name, task, ignore=shutil.ignore_patterns("__pycache__", "requirements.txt"))
            layers.precompile(task, at="/var/task", platform=None)

        return self._bundle(name, build, *layer)

    def _bundle(self, name: str, build: Callable[[Path], None], *layer: Path) -> Bundle:
        home = self._folder / f"function-{name}"
        build(home / "task")
        opt = home / "opt"
        for part in layer:  # Lambda unpacks all layers of a function into one /opt
            shutil.copytree(part, opt, dirs_exist_ok=True)
        return Bundle(name, home / "task", opt / "python", self._runtime)


def _build_cordless(target: Path) -> None:
    """Fill `target/python` with what cordless uploads, and with what it imports from Lambda's runtime.

    The result is leaner than a real deployment of cordless. Byte code is compiled ahead, botocore describes one
    service instead of 400, and awscrt and the parser for C are missing.
    """
    layers.build_vendor(target, packages=CORDLESS_NEEDS, platform=None)
    site = target / "python"
    services = site / "botocore" / "data"
    for service in services.glob("*/"):
        shutil.rmtree(service)
    here = importlib.metadata.distribution("botocore").locate_file("botocore")  # the pinned version, with all services
    shutil.copytree(Path(str(here)) / "data" / "lambda", services / "lambda")
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site)),
            *("--python", sys.executable, "--no-deps", "--no-compile", "--link-mode=copy", "--require-hashes"),
            *("-r", str(PEERS / "cordless_bot" / "requirements.txt")),
        ],
        check=True,
    )
    for name in CORDLESS_LEAVES:
        (site / "cordless" / name).unlink()
    layers.precompile(target, at="/opt", platform=None)


def _zipped(folder: Path) -> int:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for path in sorted(folder.rglob("*")):
            bundle.write(path, path.relative_to(folder))
    return archive.stat().st_size
