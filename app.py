"""The CDK app, which `cdk synth` and `cdk deploy` run."""

from __future__ import annotations

import sys

from infra.settings import SettingError
from infra.synth import bot_app
from watchbell.errors import DefinitionError

try:
    app = bot_app()
except (SettingError, DefinitionError) as error:
    sys.exit(f"watchbell: {error}")
app.synth()
