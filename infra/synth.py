"""`python -m infra.synth`: the CloudFormation template in cdk.out, checked by cdk-nag, without AWS or network.

It leaves out the builds of the layers, which need a network and change nothing in the template.
`--snapshot` writes sandbox/template.json too, from which the sandbox takes its resources.
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
    """The app with its one stack and nag's rules. Raises SettingError. Without arguments, the CDK CLI's are taken."""
    app = App(
        context=dict(context) if context is not None else None,
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
    )
    BotStack(app, Settings.read(app.node.get_all_context()))
    nag.check(app)
    return app


def synthesise(outdir: Path, **settings: str) -> dict[str, Any]:
    """The template for cdk.json's context with these settings changed. Raises RuntimeError where nag objects."""
    app = bot_app({**cdk_json(), **settings, "aws:cdk:bundling-stacks": []}, outdir)
    (stack,) = app.synth().stacks
    template: dict[str, Any] = stack.template
    return template


def cdk_json() -> dict[str, Any]:
    """The default settings, which the CDK CLI would hand over."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def normalise(template: Mapping[str, Any]) -> str:
    """The template as text with fixed words for hashes, so that new code in the same resources does not change it."""
    return re.sub("[0-9a-f]{64}", "hash-of-what-is-deployed", json.dumps(template, indent=1, ensure_ascii=False)) + "\n"


def main(arguments: list[str]) -> int | str:
    parser = argparse.ArgumentParser(prog="python -m infra.synth", description=__doc__)
    parser.add_argument("-c", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--snapshot", action="store_true", help="write sandbox/template.json too")
    options = parser.parse_args(arguments)
    try:
        template = synthesise(ROOT / "cdk.out", **dict(setting.partition("=")[::2] for setting in options.settings))
    except SettingError as error:
        return f"watchbell: {error}"
    if options.snapshot:
        SNAPSHOT.write_text(normalise(template))
    print("cdk.out has the CloudFormation template, and cdk-nag found nothing to object to.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
