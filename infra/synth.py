"""`python -m infra.synth`: write the CloudFormation template to cdk.out and check it with cdk-nag.

This needs no AWS account and no network. It does not build the layers: that needs a network and does not change the
template. `--snapshot` also writes sandbox/template.json, which tells the sandbox what resources to create.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra import ROOT, nag
from infra.bot_stack import BotStack
from infra.settings import SettingError, Settings

SNAPSHOT = ROOT / "sandbox" / "template.json"


def bot_app(context: Mapping[str, Any] | None = None, outdir: Path | None = None) -> App:
    """Return the app with its stack and the rules of cdk-nag. Raise SettingError if a setting is invalid.

    `context` and `outdir` default to the ones that the CDK CLI passes on.
    """
    app = App(
        context=dict(context) if context is not None else None,
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
    )
    BotStack(app, Settings.read(app.node.get_all_context()))
    nag.check(app)
    return app


def synthesise(outdir: Path, **settings: str) -> dict[str, Any]:
    """Return the template for the settings of cdk.json, overridden by `settings`.

    Raise SettingError if a setting is invalid, and RuntimeError if cdk-nag finds a problem.
    """
    app = bot_app({**cdk_json(), **settings, "aws:cdk:bundling-stacks": []}, outdir)
    (stack,) = app.synth().stacks
    template: dict[str, Any] = stack.template
    return template


def cdk_json() -> dict[str, Any]:
    """Return the default settings, which the CDK CLI would pass on."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def normalise(template: Mapping[str, Any]) -> str:
    """Return the template as text, with each hash replaced, so that new code for the same resources changes nothing."""
    return re.sub("[0-9a-f]{64}", "hash-of-what-is-deployed", json.dumps(template, indent=1, ensure_ascii=False)) + "\n"


def main(arguments: list[str]) -> int | str:
    parser = argparse.ArgumentParser(prog="python -m infra.synth", description=__doc__)
    parser.add_argument("-c", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--snapshot", action="store_true", help="also write sandbox/template.json")
    options = parser.parse_args(arguments)
    try:
        template = synthesise(ROOT / "cdk.out", **dict(setting.partition("=")[::2] for setting in options.settings))
    except SettingError as error:
        return f"watchbell: {error}"
    if options.snapshot:
        SNAPSHOT.write_text(normalise(template))
    print("The CloudFormation template is in cdk.out. cdk-nag found no problems.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
