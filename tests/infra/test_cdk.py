"""A deployment without credentials stops at once. If there may be credentials, the CDK CLI decides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from infra import ROOT, cdk
from sandbox.loopback import Request, Response, Server, as_json

KEYS = {"AccessKeyId": "x", "SecretAccessKey": "y", "Token": "z", "Expiration": "2999-01-01T00:00:00Z"}
SOURCES = {
    "keys": "[default]\naws_access_key_id = x\naws_secret_access_key = y\n",
    "single sign-on": "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
    "[sso-session s]\nsso_region = eu-west-3\nsso_start_url = https://example.com/start\n",
    "a role": "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
    "[profile base]\naws_access_key_id = x\naws_secret_access_key = y\n",
    "a console login": "[default]\nlogin_session = arn:aws:iam::1:user/ada\n",
    "half of a role": "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = missing\n",
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shell without credentials, on a machine without a metadata service."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


class Cli:
    """The CDK CLI: keeps the arguments of each start, and exits with `code`."""

    def __init__(self, code: int = 7) -> None:
        self.code = code
        self.started: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> int:
        self.started.append(list(arguments))
        return self.code


@pytest.fixture
def cli(shell: pytest.MonkeyPatch) -> Cli:
    return Cli()


@pytest.mark.parametrize("action", ["deploy", "diff", "bootstrap", "destroy"])
def test_without_credentials_it_says_what_to_do_and_builds_nothing(
    cli: Cli, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    assert cdk.main([action, "-c", "stage=dev"], cli) == 1
    assert cli.started == []
    assert capsys.readouterr().err == cdk.NO_CREDENTIALS


@pytest.mark.parametrize("arguments", [[], ["synth"], ["--version"]], ids=" ".join)
def test_a_command_that_needs_no_credentials_runs_without_them(cli: Cli, arguments: list[str]) -> None:
    assert cdk.main(arguments, cli) == 7
    assert cli.started == [arguments]


@pytest.mark.parametrize("option", [["--profile", "ada"], ["--profile=ada"], ["--plugin", "./vault"]], ids=" ".join)
def test_an_option_that_names_credentials_is_left_to_the_cli(cli: Cli, option: list[str]) -> None:
    assert cdk.main(["bootstrap", *option], cli) == 7
    assert cli.started == [["bootstrap", *option]]


def test_keys_in_the_environment_are_enough(cli: Cli, shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_ACCESS_KEY_ID", "x")
    shell.setenv("AWS_SECRET_ACCESS_KEY", "y")
    assert cdk.main(["bootstrap"], cli) == 7


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("profile", ["default", "ada"])
def test_every_kind_of_profile_is_enough(
    cli: Cli, shell: pytest.MonkeyPatch, tmp_path: Path, source: str, profile: str
) -> None:
    name = "[default]" if profile == "default" else f"[profile {profile}]"
    (tmp_path / "config").write_text(SOURCES[source].replace("[default]", name))
    assert cdk.main(["bootstrap"], cli) == (7 if profile == "default" else 1)
    shell.setenv("AWS_PROFILE", profile)
    assert cdk.main(["bootstrap"], cli) == 7


def test_only_the_cli_runs_a_program_that_provides_credentials(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[default]\ncredential_process = touch {tmp_path}/ran\n")
    assert cdk.main(["bootstrap"], cli) == 7
    assert not (tmp_path / "ran").exists()


def test_a_profile_that_does_not_exist_is_left_to_the_cli(cli: Cli, shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_PROFILE", "missing")
    assert cdk.main(["bootstrap"], cli) == 7


def test_a_web_identity_of_a_build_service_is_enough(cli: Cli, shell: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    shell.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    shell.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")
    assert cdk.main(["bootstrap"], cli) == 7


def answering(respond: Callable[[Request], Response]) -> str:
    return Server(respond).url


def test_the_role_of_a_container_is_enough(cli: Cli, shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answering(lambda request: as_json(200, KEYS)))
    assert cdk.main(["bootstrap"], cli) == 7


def test_the_role_of_an_instance_is_enough(cli: Cli, shell: pytest.MonkeyPatch) -> None:
    def metadata(request: Request) -> Response:
        if request.path.endswith("/security-credentials/"):
            return Response(200, b"role")
        return as_json(200, {**KEYS, "Code": "Success"}) if request.path.endswith("/role") else Response(200, b"token")

    shell.delenv("AWS_EC2_METADATA_DISABLED")
    shell.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answering(metadata))
    assert cdk.main(["bootstrap"], cli) == 7


def test_the_process_exits_with_1_and_says_what_to_do(shell: pytest.MonkeyPatch) -> None:
    done = subprocess.run([sys.executable, "-m", "infra.cdk", "deploy"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", cdk.NO_CREDENTIALS)
