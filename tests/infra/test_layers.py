"""The bundles that Lambda unpacks, built for this machine instead of for arm64."""

from __future__ import annotations

import ast
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import ROOT, layers

pytestmark = pytest.mark.xdist_group("layers")


def build(builder: Callable[..., None], target: Path) -> Path:
    """Build from the wheels in uv's cache, which `make test` has filled, so that the tests need no network."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UV_OFFLINE", "1")
        try:
            builder(target, platform=None)
        except subprocess.CalledProcessError:  # the cache was cleared
            environment.delenv("UV_OFFLINE")
            builder(target, platform=None)
    return target


@pytest.fixture(scope="module")
def vendor_ingress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(layers.build_vendor_ingress, tmp_path_factory.mktemp("vendor-ingress"))


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(layers.build_vendor, tmp_path_factory.mktemp("vendor"))


@pytest.fixture(scope="module")
def first_party(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(layers.build_first_party, tmp_path_factory.mktemp("watchbell"))


@pytest.fixture(scope="module")
def ingress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("ingress")
    layers.build_function("ingress", target, platform=None)
    return target


def contents(bundle: Path) -> dict[str, bytes]:
    return {str(path.relative_to(bundle)): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}


def run(code: str, *bundles: Path) -> str:
    """Return what `code` prints in a new Python process that can only import from these layers."""
    script = f"import sys; sys.path[:0] = {[str(bundle / 'python') for bundle in bundles]!r}\n{code}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_ingress_layer_holds_the_binding_to_libsodium_and_nothing_else(vendor_ingress: Path) -> None:
    modules = {name.split(".")[0] for name in contents(vendor_ingress) if "__pycache__" not in name}
    assert modules == {"python/_cffi_backend", "python/nacl/__init__", "python/nacl/_sodium"}
    assert {Path(name).suffix for name in contents(vendor_ingress)} <= {".py", ".pyc", ".so"}


def test_the_ingress_layers_are_enough_to_verify_a_signature(vendor_ingress: Path, first_party: Path) -> None:
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
        "4655141438e7a100b"
    )
    key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    code = f"""
from watchbell.discord.signature import _opens
print(_opens(bytes.fromhex("{signature}"), bytes.fromhex("{key}")), _opens(bytes(64), bytes.fromhex("{key}")))
"""
    assert run(code, vendor_ingress, first_party) == "True False"


def test_the_byte_code_keeps_the_docstrings_of_features_and_no_other(first_party: Path, vendor_ingress: Path) -> None:
    code = """
import watchbell.commands.status as status, watchbell.kit.handler as handler
print(status.command.runs[""].options[0].description, handler.__doc__, handler.Handler.__doc__)
"""
    assert run(code, vendor_ingress, first_party) == "The service to show (default: all services) None None"


def test_the_ingress_with_its_layers_is_at_most_2_mb_zipped(
    tmp_path: Path, ingress: Path, first_party: Path, vendor_ingress: Path
) -> None:
    total = 0
    for bundle in (ingress, first_party, vendor_ingress):
        with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in contents(bundle).items():
                archive.writestr(name, content)
        total += (tmp_path / "bundle.zip").stat().st_size
    assert total <= 2_000_000


def test_the_vendor_layer_can_call_the_services_that_the_functions_use(vendor: Path) -> None:
    code = f"""
import boto3, requests, tzdata, zoneinfo
for service in {layers.AWS_SERVICES!r}:
    boto3.client(service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
zoneinfo.reset_tzpath(())
print(zoneinfo.ZoneInfo("Asia/Kathmandu"))
"""
    assert run(code, vendor) == "Asia/Kathmandu"


def test_the_shipped_sources_have_no_docstrings_and_the_same_code_in_the_same_lines(first_party: Path) -> None:
    shipped, ours = first_party / "python", layers.ROOT / "layers" / "watchbell" / "python"
    for path in shipped.rglob("*.py"):
        before, after = (ast.parse((folder / path.relative_to(shipped)).read_text()) for folder in (ours, shipped))
        assert _nodes(before) == _nodes(after)
        assert bool(ast.get_docstring(after)) is (path.parent.name in layers.FEATURES), path


def _nodes(tree: ast.Module) -> list[tuple[str, int]]:
    return [(type(node).__name__, getattr(node, "lineno", 0)) for node in ast.walk(tree)]


def test_the_testing_kit_is_not_shipped(first_party: Path) -> None:
    rooms = {path.name for path in (first_party / "python" / "watchbell").iterdir()}
    assert "interactions" in rooms
    assert "testing" not in rooms


def test_shipped_code_does_not_import_the_testing_kit(first_party: Path) -> None:
    for path in (first_party / "python").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {getattr(node, "module", None) or "", *(alias.name for alias in node.names)}
                assert not {name.rpartition(".")[2] for name in names} & {"testing", "fakes"}, path


def test_the_vendor_layer_holds_no_files_that_only_tools_read(vendor: Path) -> None:
    left = [name for name in contents(vendor) if name.endswith(".pyi") or ".dist-info/" in name or "/tests/" in name]
    assert left == []
    assert not (vendor / "python" / "bin").exists()
    services = {path.name for path in (vendor / "python" / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == set(layers.AWS_SERVICES)


def test_every_module_has_byte_code_that_python_does_not_check_against_the_source(
    vendor: Path, vendor_ingress: Path, first_party: Path, ingress: Path
) -> None:
    for bundle in (vendor, vendor_ingress, first_party, ingress):
        files = contents(bundle)
        compiled = {name: content for name, content in files.items() if name.endswith(".pyc")}
        assert len(compiled) == sum(name.endswith(".py") for name in files) > 0
        for name, content in compiled.items():
            assert content[4:8] == b"\x01\0\0\0", f"{name}: in PEP 552, 1 means an unchecked hash"


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, vendor_ingress: Path, first_party: Path) -> None:
    assert contents(build(layers.build_vendor_ingress, tmp_path / "again")) == contents(vendor_ingress)
    assert contents(build(layers.build_first_party, tmp_path / "ours")) == contents(first_party)


def test_a_bundle_names_no_path_of_the_machine_that_built_it(first_party: Path, ingress: Path) -> None:
    for bundle in (first_party, ingress):
        assert not [name for name, content in contents(bundle).items() if str(bundle).encode() in content]


def test_a_build_removes_what_was_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "stale.py").write_text("")
    layers.build_first_party(tmp_path, platform=None)
    assert not (tmp_path / "python" / "stale.py").exists()


def test_everybody_may_read_a_bundle_that_was_built_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        build(layers.build_vendor_ingress, tmp_path / "vendor")
        layers.build_first_party(tmp_path / "ours", platform=None)
        layers.build_function("worker", tmp_path / "function", platform=None)
    finally:
        os.umask(before)
    found = list(tmp_path.glob("*/**"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o755}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*/**/*") if path.is_file()} == {0o644}


def test_a_package_with_another_hash_than_the_pinned_one_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text(f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(layers, "ROOT", tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        layers.build_vendor(tmp_path / "vendor", platform=None)


def test_every_pin_has_hashes() -> None:
    for pin in layers.pins():
        assert re.fullmatch(r"[\w.-]+==\S+( --hash=sha256:[0-9a-f]{64})+", pin)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_pins_with_hashes_are_those_that_people_wrote(name: str) -> None:
    def pinned(text: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", text, re.MULTILINE))

    written = pinned((ROOT / f"{name}.in").read_text())
    assert written <= pinned((ROOT / f"{name}.txt").read_text())


def test_a_package_without_a_pin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"requirements\.txt has no pin for leftpad"):
        layers.build_vendor(tmp_path, packages=["leftpad"])


def test_a_fingerprint_changes_only_if_a_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "handler.py"
    source.write_text("answer = 42\n")
    before = layers.fingerprint("arm64", tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "handler.cpython-313.pyc").write_bytes(b"left by a test run")
    os.utime(source, (0, 0))
    assert layers.fingerprint("arm64", tmp_path) == before
    assert layers.fingerprint("x86_64", tmp_path) != before
    source.write_text("answer = 43\n")
    assert layers.fingerprint("arm64", tmp_path) != before


def test_the_bundle_knows_its_version_and_the_commit_that_it_was_built_from(first_party: Path) -> None:
    code = "from watchbell.adapters import logs; print(logs.BUILD)"
    assert run(code, first_party) == f"0.1+{layers.commit()}"
    assert layers.commit() not in ("", "source")


def test_a_copy_without_git_is_built_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layers, "ROOT", tmp_path)
    assert layers.commit() == "unknown"
