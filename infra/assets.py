"""Hands the builds of layers.py to CDK, which runs one only when its fingerprint is new."""

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
    """The three layers: our library, everything it may import, and the little that the ingress imports."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "Layers")
        first_party = ROOT / "layers" / "watchbell"
        pins = [layers.LAMBDA, *layers.pins()]
        ingress_pins = [layers.LAMBDA, *layers.pins(layers.INGRESS_PACKAGES)]
        stage = settings.stage
        self.watchbell = self._layer(stage, "watchbell", layers.build_first_party, first_party)
        self.vendor = self._layer(stage, "vendor", layers.build_vendor, *pins)
        self.vendor_ingress = self._layer(stage, "vendor-ingress", layers.build_vendor_ingress, *ingress_pins)

    def _layer(
        self, stage: str, name: str, build: Callable[[Path], None], *made_of: str | Path
    ) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            logical_id(name) + "Layer",
            layer_version_name=f"watchbell-{stage}-{name}",
            code=_code(build, *made_of),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )


def function_code(name: str) -> lambda_.Code:
    """The folder functions/`name`, compiled."""
    return _code(lambda target: layers.build_function(name, target), ROOT / "functions" / name)


def _code(build: Callable[[Path], None], *made_of: str | Path) -> lambda_.Code:
    return lambda_.Code.from_asset(
        # CDK wants a folder to bundle from. The builds know their own sources, so it is any that is always there.
        str(ROOT / "infra"),
        asset_hash=layers.fingerprint(*made_of),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=BundlingOptions(image=_NO_IMAGE, local=_Build(build)),
    )


# CDK demands an image to fall back to. There is none: a build that fails raises, and says why.
_NO_IMAGE = DockerImage.from_registry("watchbell-never-uses-docker")


@jsii.implements(ILocalBundling)
class _Build:
    def __init__(self, build: Callable[[Path], None]) -> None:
        self._build = build

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        self._build(Path(output_dir))
        return True
