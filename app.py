"""The CDK app, which `cdk synth` and `cdk deploy` run."""

from __future__ import annotations

import sys

from infra.settings import SettingError
from infra.synth import bot_app

try:
    app = bot_app()
except SettingError as error:
    sys.exit(f"watchbell: {error}")
app.synth()
