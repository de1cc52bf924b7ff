"""The layers and the functions' code as CDK assets. CDK runs a build of layers.py only if its fingerprint is new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import ROOT, layers
from infra.naming import logical_id
from infra.settings import Settings


class Layers(Construct):
    """The Watchbell library, all third-party packages, and what the ingress and the heartbeat function import of both.

    The ingress and the heartbeat function each have only their own layer. The other functions have the first two.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "Layers")
        first_party = ROOT / "layers" / "watchbell"
        pins = [layers.LAMBDA, *layers.pins()]
        ingress_pins = [layers.LAMBDA, *layers.pins(layers.INGRESS_PACKAGES)]
        self._prefix = str(settings.deployment)
        self.watchbell = self._layer("watchbell", layers.build_first_party, layers.commit(), first_party)
        self.vendor = self._layer("vendor", layers.build_vendor, *pins)
        self.ingress = self._layer("ingress", layers.build_ingress, layers.commit(), first_party, *ingress_pins)
        self.heartbeat = self._layer("heartbeat", layers.build_heartbeat, layers.commit(), first_party, layers.LAMBDA)

    def _layer(self, name: str, build: Callable[[Path], None], *made_of: str | Path) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            logical_id(name) + "Layer",
            layer_version_name=f"{self._prefix}-{name}",
            code=_code(build, *made_of),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )


def function_code(name: str) -> lambda_.Code:
    """The folder functions/`name`, compiled."""
    return _code(lambda target: layers.build_function(name, target), ROOT / "functions" / name)


def _code(build: Callable[[Path], None], *made_of: str | Path) -> lambda_.Code:
    return lambda_.Code.from_asset(
        # CDK requires a source folder. The builds find their own sources, so any folder that exists will do.
        str(ROOT / "infra"),
        asset_hash=layers.fingerprint(*made_of),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=BundlingOptions(image=_NO_IMAGE, local=_Build(build)),
    )


# CDK requires a Docker image to fall back to. It is never used: a build that fails raises an error instead.
_NO_IMAGE = DockerImage.from_registry("watchbell-never-uses-docker")


@jsii.implements(ILocalBundling)
class _Build:
    def __init__(self, build: Callable[[Path], None]) -> None:
        self._build = build

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        self._build(Path(output_dir))
        return True
