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
from infra.settings import FIRST, SettingError, Settings, defaults
from watchbell.errors import DefinitionError

SNAPSHOT = ROOT / "sandbox" / "template.json"


def bot_app(context: Mapping[str, Any] | None = None, outdir: Path | None = None) -> App:
    """Return the app with its stack and the rules of cdk-nag.

    Raise SettingError if a setting is invalid, and DefinitionError if a schedule cannot use its value.
    `context` and `outdir` default to the ones that the CDK CLI passes on.
    """
    app = App(
        context=dict(context) if context is not None else None,
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
    )
    settings = Settings.read(app.node.get_all_context())
    BotStack(app, settings, protected=settings.deployment.production and not app.node.try_get_context(FIRST))
    nag.check(app)
    return app


def synthesise(outdir: Path, **settings: str) -> dict[str, Any]:
    """Return the template for the settings of cdk.json, overridden by `settings`.

    Raise what `bot_app` raises, and RuntimeError if cdk-nag finds a problem.
    """
    app = bot_app({**defaults(), **settings, "aws:cdk:bundling-stacks": []}, outdir)
    (stack,) = app.synth().stacks
    template: dict[str, Any] = stack.template
    return template


def normalise(template: Mapping[str, Any]) -> str:
    """Return the template as text, without its hashes, so that new code for the same resources changes nothing."""
    text = json.dumps(template, indent=1, ensure_ascii=False) + "\n"
    return re.sub("(?<=CurrentVersion)[0-9a-f]{32}", "", re.sub("[0-9a-f]{64}", "hash-of-what-is-deployed", text))


def main(arguments: list[str]) -> int | str:
    parser = argparse.ArgumentParser(prog="python -m infra.synth", description=__doc__)
    parser.add_argument("-c", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--snapshot", action="store_true", help="also write sandbox/template.json")
    options = parser.parse_args(arguments)
    try:
        template = synthesise(ROOT / "cdk.out", **dict(setting.partition("=")[::2] for setting in options.settings))
    except (SettingError, DefinitionError) as error:
        return f"watchbell: {error}"
    if options.snapshot:
        SNAPSHOT.write_text(normalise(template))
    print("The CloudFormation template is in cdk.out. cdk-nag found no problems.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
