"""The bundles that Lambda unpacks, built for this machine instead of for arm64."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest

from infra import ROOT, layers
from sandbox.loopback import Server, as_json
from tests import recorded
from tests.conftest import CREDENTIALS
from tests.discord_side import PUBLIC_KEY, SIGNING_KEYS, request
from watchbell.kit import catalogue as features

pytestmark = pytest.mark.xdist_group("layers")


def build(builder: Callable[..., None], target: Path) -> Path:
    """Build from the wheels in uv's cache, which `make check` has filled, so that the tests need no network."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UV_OFFLINE", "1")
        try:
            builder(target, platform=None)
        except subprocess.CalledProcessError:  # the cache was cleared
            environment.delenv("UV_OFFLINE")
            builder(target, platform=None)
    return target


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(layers.build_ingress, tmp_path_factory.mktemp("lean"))


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


def test_of_third_parties_the_ingress_has_the_binding_to_libsodium_and_nothing_else(lean: Path) -> None:
    files = [name for name in contents(lean) if not name.startswith("python/watchbell/")]
    modules = {name.split(".")[0] for name in files if "__pycache__" not in name}
    assert modules == {"python/_cffi_backend", "python/nacl/__init__", "python/nacl/_sodium"}
    assert {Path(name).suffix for name in files} <= {".py", ".pyc", ".so"}


def test_the_ingress_has_no_file_of_the_library_that_only_other_functions_use(lean: Path, first_party: Path) -> None:
    left_out = {name.removeprefix("python/watchbell/") for name in contents(first_party).keys() - contents(lean).keys()}
    assert {f"{room}/__init__.py" for room in ("registration", "events", "schedules")} < left_out
    assert {"doors/worker.py", "interactions/screen.py", "adapters/discord.py", "adapters/sources.py"} < left_out


IMPORT_EVERYTHING = """
import ast, importlib, pathlib, sys
library = pathlib.Path(sys.path[0], "watchbell")
from watchbell.tools import grants
mine = {part.name for part in grants.FUNCTIONS["ingress"]}

def granted(tools):
    '''The methods of the tools that the ingress has, with the private ones that they use.'''
    methods = [node for node in ast.iter_child_nodes(tools) if isinstance(node, ast.FunctionDef)]
    names = {node.name: node.name.removesuffix("_of") for node in methods}
    public = [node for node in methods if node.name[0] != "_" or node.name[:2] == "__"]
    has = [node for node in public if names[node.name] in mine or names[node.name] not in grants.PARTS]
    for node in has:  # which grows
        used = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        has += [each for each in methods if each.name in used and each.name[0] == "_" and each not in has]
    return has

def imports(tree, module):
    for node in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.Module) and isinstance(node, ast.FunctionDef) and is_deferred(module, node.name):
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from imports(ast.Module(node.orelse, []), module)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.FunctionDef) and module == "watchbell.tools.toolbox":
            if node in granted(tree):
                yield from imports(node, module)
        else:
            yield from imports(node, module)

functions, ran = {}, set()

def is_deferred(module, name):
    '''Whether only the worker runs the function of a command's file.'''
    return module in functions and (module, name) not in ran

def begin(module, path):
    '''Note what a command's file runs when it is loaded, and its handlers that answer at once.'''
    nodes = ast.parse(path.read_text()).body
    functions[module] = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        for part in node.decorator_list if isinstance(node, ast.FunctionDef) else [node]:
            run_by(module, part)
    for declared in vars(sys.modules[module]).values():
        for handlers in (getattr(declared, name, None) for name in ("runs", "components", "modals")):
            for handler in handlers.values() if isinstance(handlers, dict) else ():
                for function in [handler.function] * handler.instant + [*handler.autocompletes.values()]:
                    runs(module, function.__name__)

def runs(module, name):
    if name in functions.get(module, ()) and (module, name) not in ran:
        ran.add((module, name))
        run_by(module, functions[module][name])

def run_by(module, node):
    '''Note what a piece of code may run: `name` of this file, and `status.name` of another command's file.

    A handler runs if it is called. `handler.button(…)` only names it. A helper runs wherever it is named.
    '''
    called = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    for part in ast.walk(node):
        place, name = "", ""
        if isinstance(part, ast.Name):
            place, name = module, part.id
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            place, name = f"watchbell.commands.{part.value.id}", part.attr
        if id(part) in called or not hasattr(getattr(sys.modules.get(place), name, None), "function"):
            runs(place, name)

read, faults = set(), []

def follow(module, path):
    read.add(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in imports(ast.parse(path.read_text()), module):
        try:
            exec(compile(ast.Module([node], []), str(path), "exec"), {"__package__": package})
        except ImportError as error:
            faults.append(f"{module}: {error}")

follow("handler", pathlib.Path(handler_file))
files = {f"watchbell.commands.{file.stem}": file for file in (library / "commands").glob("[!_]*.py")}
for module in files:
    importlib.import_module(module)
for _turn in range(2):  # the second one follows calls of files that the first one had not read
    ran.clear()
    for module, file in files.items():
        begin(module, file)
import watchbell
for name in dir(watchbell):
    getattr(watchbell, name)
while new := {name for name in sys.modules if name.partition(".")[0] == "watchbell"} - read:
    for name in sorted(new):
        follow(name, pathlib.Path(sys.modules[name].__file__))
unread = []
for file in library.rglob("*.py"):
    name = ".".join(file.relative_to(library.parent).with_suffix("").parts).removesuffix(".__init__")
    if name not in read:
        unread.append(name)
print(repr((sorted(faults), sorted(unread))))
"""
"""Runs every import statement, at any level, of all modules that the ingress reaches, and prints those that fail and
the modules that none of them leads to. It leaves out TYPE_CHECKING, the tools that the ingress does not have, and the
functions of commands that only the worker runs."""


def test_each_import_statement_that_the_ingress_can_reach_leads_into_its_layer(lean: Path, ingress: Path) -> None:
    faults, unread = ast.literal_eval(run(f"handler_file = {str(ingress / 'handler.py')!r}{IMPORT_EVERYTHING}", lean))
    assert faults == [], "add the module to INGRESS_WATCHBELL in infra/layers.py, or do not import it"
    # Whole rooms are in the layer, so that a new file in them is too.
    assert {name.split(".")[1] for name in unread} <= {"discord", "kit", "checks"}


def test_the_test_of_the_imports_finds_a_module_that_is_missing(lean: Path, ingress: Path, tmp_path: Path) -> None:
    shutil.copytree(lean, tmp_path, dirs_exist_ok=True)
    library = tmp_path / "python" / "watchbell"
    (library / "interactions" / "forms.py").unlink()  # imported inside functions only
    (library / "doors" / "worker.py").write_text("")
    faults, unread = ast.literal_eval(
        run(f"handler_file = {str(ingress / 'handler.py')!r}{IMPORT_EVERYTHING}", tmp_path)
    )
    assert faults
    assert all("interactions.dispatch: " in fault and "'forms'" in fault for fault in faults)
    assert "watchbell.doors.worker" in unread


BREW = """
from watchbell import Command, Reply, anyone

command = Command("brew", "Brew tea", who=anyone)

@command.subcommand{instant}
def now(interaction):
    return strong()

@command.subcommand
def later(interaction):
    from watchbell.status import judgement
    return Reply("later")

def strong():
    from watchbell.status import board
    return Reply("now")
"""


@pytest.mark.parametrize(
    ("instant", "faults"), [("(instant=True)", ["board"]), ("", [])], ids=["answers at once", "is deferred"]
)
def test_the_test_of_the_imports_follows_what_a_command_does_at_once_and_nothing_else(
    instant: str, faults: list[str], lean: Path, ingress: Path, tmp_path: Path
) -> None:
    shutil.copytree(lean, tmp_path, dirs_exist_ok=True)
    (tmp_path / "python/watchbell/commands/brew.py").write_text(BREW.replace("{instant}", instant))
    found, _unread = ast.literal_eval(
        run(f"handler_file = {str(ingress / 'handler.py')!r}{IMPORT_EVERYTHING}", tmp_path)
    )
    assert [re.findall(r"cannot import name '(\w+)'", fault) for fault in found] == [[name] for name in faults]


def test_the_heartbeat_function_loads_its_whole_layer_and_answers_with_it(tmp_path: Path) -> None:
    layer, function = tmp_path / "layer", tmp_path / "function"
    layers.build_heartbeat(layer, platform=None)
    layers.build_function("heartbeat", function, platform=None)
    server = Server(lambda request: as_json(200, {}))
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": server.url, "STATE_TABLE": "state"}
    path = "/ping/4be1c7d2-63a9-4f0e-9a51-7c2d90e8b314/start"
    event = {"requestContext": {"http": {"method": "GET", "path": path}}}
    code = f"""
import os, sys
os.environ.update({environment!r})
sys.path.append({str(function)!r})
import handler
answer = handler.handler({event!r}, None)
loaded = {{m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] == "watchbell"}}
print(repr((answer["statusCode"], answer["body"], sorted(loaded), sorted(sys.modules))))
"""
    try:
        status, body, loaded, modules = ast.literal_eval(run(code, layer))
    finally:
        server.stop()
    assert (status, body) == (200, "OK")
    assert loaded == sorted(str(path) for path in layer.rglob("*.py"))
    assert {name.partition(".")[0] for name in modules} & {"boto3", "typing", "dataclasses", "nacl", "http"} == set()


FORM_FEATURE = """
from watchbell import Command, Modal, Paragraph, Reply, anyone

command = Command("report", "Report an outage", who=anyone, instant=True)

class Report(Modal, title="Report an outage"):
    what = Paragraph("What do you see?")

@command.run
def report(interaction):
    return submit.open()

@command.modal
def submit(interaction, form: Report):
    return Reply("Thank you.")
"""


def test_the_ingress_with_its_layer_answers_completes_opens_a_form_and_defers(
    lean: Path, ingress: Path, tmp_path: Path
) -> None:
    (tmp_path / "report.py").write_text(FORM_FEATURE)
    asked = [
        request(recorded.load("command_ping")),
        request(recorded.load("autocomplete")),
        request(recorded.load("command_ping", data={"name": "report", "type": 1})),
        request(recorded.load("command_status")),
    ]
    parameters = [{"Name": "/watchbell/test/status-sources/prod", "Value": "https://shop.example/status.json"}]
    answer = as_json(200, {"Parameter": {"Value": SIGNING_KEYS}, "Parameters": parameters, "MessageId": "1"})
    server = Server(lambda _: answer)
    settings = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": server.url,
        "DISCORD_PUBLIC_KEYS": PUBLIC_KEY,
        "WORK_QUEUE_URL": f"{server.url}/123456789012/work",
        **{"SIGNING_KEYS_PARAMETER": "/watchbell/test/signing-keys", "FLAGS_PATH": "/watchbell/test/flags"},
        "STATUS_SOURCES_PATH": "/watchbell/test/status-sources",
    }
    code = f"""
import json, os
os.environ.update({settings!r})
sys.path.append({str(ingress)!r})
from watchbell import commands
commands.__path__.append({str(tmp_path)!r})
import handler
print(json.dumps([handler.handler(event, None)["body"] for event in json.loads({json.dumps(asked)!r})]))
"""
    try:
        pong, choices, form, deferral = map(json.loads, json.loads(run(code, lean).splitlines()[-1]))
    finally:
        server.stop()
    assert "awake" in pong["data"]["content"]
    assert choices == {"type": 8, "data": {"choices": [{"name": "prod", "value": "prod"}]}}
    assert (form["type"], form["data"]["title"]) == (9, "Report an outage")
    assert deferral == {"type": 5}


def test_the_ingress_layer_is_enough_to_verify_a_signature(lean: Path) -> None:
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
        "4655141438e7a100b"
    )
    key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    code = f"""
from watchbell.discord.signature import _opens
print(_opens(bytes.fromhex("{signature}"), bytes.fromhex("{key}")), _opens(bytes(64), bytes.fromhex("{key}")))
"""
    assert run(code, lean) == "True False"


def test_the_ingress_offers_the_kinds_of_checks_by_their_labels_and_has_nothing_else_of_them(lean: Path) -> None:
    program = (
        "from watchbell.kit import catalogue; print([catalogue.label(kind) for kind in catalogue.names('checks')])"
    )
    assert ast.literal_eval(run(program, lean)) == [check.label for check in features.checks()]
    checks = [path for path in (lean / "python/watchbell/checks").glob("*.py") if path.name != "__init__.py"]
    assert all(len(path.read_text().splitlines()) == 1 for path in checks)


def test_the_byte_code_keeps_the_docstrings_of_features_and_no_other(lean: Path) -> None:
    code = """
import watchbell.commands.status as status, watchbell.kit.handler as handler
print(status.command.runs[""].options[0].description, handler.__doc__, handler.Handler.__doc__)
"""
    assert run(code, lean) == "A monitor, a group or a tag of this server (default: all of them) None None"


def test_the_ingress_has_the_translations_of_what_it_can_say_and_no_others(lean: Path, first_party: Path) -> None:
    def translations(bundle: Path, language: str) -> dict[Any, str]:
        with (bundle / f"python/watchbell/locales/{language}.mo").open("rb") as file:
            return dict(GNUTranslations(file)._catalog)  # type: ignore[attr-defined]

    for language in ("de", "es", "fr", "ja"):
        mine, everything = translations(lean, language), translations(first_party, language)
        assert mine.items() < everything.items()
        assert mine[""] == everything[""]
        assert {"See what I can do", "Watch a service", "DNS records"} & everything.keys() <= mine.keys()
        assert "has an invalid URL" in everything.keys() - mine.keys()  # only `status.figures` says that


def test_a_catalogue_keeps_contexts_and_plurals_of_what_is_said() -> None:
    catalogue = (ROOT / "layers/watchbell/python/watchbell/locales/de.mo").read_bytes()
    everything = GNUTranslations(io.BytesIO(catalogue))._catalog  # type: ignore[attr-defined]
    same = layers.only_said(catalogue, " ".join(word for key in everything for word in plain(key).split()))
    assert GNUTranslations(io.BytesIO(same))._catalog == everything  # type: ignore[attr-defined]
    plural = next(key for key in everything if isinstance(key, tuple))
    some = GNUTranslations(io.BytesIO(layers.only_said(catalogue, plain(plural))))._catalog  # type: ignore[attr-defined]
    assert (plural[0], 0) in some
    assert (plural[0], 1) in some
    assert len(some) < len(everything) / 2


def plain(key: Any) -> str:
    """The text of a key of a catalogue, without its context and its number."""
    text: str = key[0] if isinstance(key, tuple) else key
    return " ".join(text.rpartition("\x04")[2].split())


def test_the_ingress_with_its_layer_is_at_most_1_4_mb_zipped(tmp_path: Path, ingress: Path, lean: Path) -> None:
    total = 0
    for bundle in (ingress, lean):
        with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in contents(bundle).items():
                archive.writestr(name, content)
        total += (tmp_path / "bundle.zip").stat().st_size
    assert total <= 1_400_000


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
    vendor: Path, lean: Path, first_party: Path, ingress: Path
) -> None:
    for bundle in (vendor, lean, first_party, ingress):
        files = contents(bundle)
        compiled = {name: content for name, content in files.items() if name.endswith(".pyc")}
        assert len(compiled) == sum(name.endswith(".py") for name in files) > 0
        for name, content in compiled.items():
            assert content[4:8] == b"\x01\0\0\0", f"{name}: in PEP 552, 1 means an unchecked hash"


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, lean: Path, first_party: Path) -> None:
    assert contents(build(layers.build_ingress, tmp_path / "again")) == contents(lean)
    assert contents(build(layers.build_first_party, tmp_path / "ours")) == contents(first_party)


def test_a_bundle_names_no_path_of_the_machine_that_built_it(lean: Path, first_party: Path, ingress: Path) -> None:
    for bundle in (lean, first_party, ingress):
        assert not [name for name, content in contents(bundle).items() if str(bundle).encode() in content]


def test_a_build_removes_what_was_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "stale.py").write_text("")
    layers.build_first_party(tmp_path, platform=None)
    assert not (tmp_path / "python" / "stale.py").exists()


def test_everybody_may_read_a_bundle_that_was_built_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        build(layers.build_ingress, tmp_path / "lean")
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


def test_the_bundle_knows_its_version_and_the_commit_that_it_was_built_from(lean: Path, first_party: Path) -> None:
    code = "from watchbell.adapters import logs; print(logs.BUILD)"
    assert run(code, first_party) == run(code, lean) == f"0.1+{layers.commit()}"
    assert layers.commit() not in ("", "source")


def test_a_copy_without_git_is_built_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layers, "ROOT", tmp_path)
    assert layers.commit() == "unknown"


def test_a_shared_library_works_without_its_debug_information(lean: Path) -> None:
    import nacl

    (whole,) = Path(nacl.__file__).parent.glob("_sodium*.so")
    (ours,) = (lean / "python" / "nacl").glob("_sodium*.so")
    assert ours.read_bytes() == layers.stripped(whole.read_bytes())
    assert ours.stat().st_size < whole.stat().st_size / 2
    code = "from nacl import _sodium; print(_sodium.lib.sodium_init() >= 0, _sodium.__file__)"
    assert run(code, lean).strip() == f"True {ours}"


@pytest.mark.parametrize("library", [b"", b"\x7fELF\x01\x01" + bytes(90), b"MZ" + bytes(100), b"\x7fELF"])
def test_what_is_no_library_of_lambda_is_left_as_it_is(library: bytes) -> None:
    assert layers.stripped(library) == library


def test_a_library_without_debug_information_stays_as_long_as_its_segments() -> None:
    """Two segments end at 300 and at 200, and the section table is behind them."""
    header = b"\x7fELF\x02\x01" + bytes(26) + struct.pack("<QQ", 64, 500) + bytes(6)
    header += struct.pack("<HHHHH", 56, 2, 64, 9, 8)
    load = [struct.pack("<IIQQQQQQ", 1, 5, offset, 0, 0, size, size, 4096) for offset, size in ((176, 124), (0, 200))]
    library = (header + b"".join(load)).ljust(1000, b"x")
    cut = layers.stripped(library)
    assert len(cut) == 300
    assert cut[:40] == library[:40]
    assert cut[40:48] == bytes(8)
    assert cut[60:64] == bytes(4)
    assert cut[64:] == library[64:300]
