"""The stack of one deployment. It connects the parts and defines no resource itself."""

from __future__ import annotations

from aws_cdk import CfnElement, Stack
from constructs import Construct

from infra.alarms import Alarms
from infra.assets import Layers
from infra.bot_function import Common
from infra.bus import Bus
from infra.heartbeat import Heartbeat
from infra.interactions import Interactions
from infra.monitoring import Monitoring
from infra.outbound import Outbound
from infra.registration import Registration
from infra.schedules import Schedules
from infra.settings import Settings
from infra.storage import Storage


class BotStack(Stack):
    """A stack such as `watchbell-dev`, in the account and region of the CDK CLI's credentials.

    If `protected`, the CDK CLI switches termination protection on before it deploys.
    """

    def __init__(self, scope: Construct, settings: Settings, *, protected: bool) -> None:
        super().__init__(
            scope,
            str(settings.deployment),
            description="Watchbell, a status bot for Discord",
            termination_protection=protected,
        )
        common = Common(settings, Layers(self, settings), Alarms(self, settings))
        storage = Storage(self, settings)
        outbound = Outbound(self, common, storage)
        Bus(self, common, outbound)
        interactions = Interactions(self, common, storage, outbound)
        Heartbeat(self, common, storage, interactions)
        monitoring = Monitoring(self, common, storage, outbound, interactions)
        Schedules(self, common, storage, outbound, monitoring)
        registration = Registration(self, common, storage)
        # Discord shows a command at once, so deploy the functions that answer it first.
        registration.commands.node.add_dependency(interactions)

    def _allocate_logical_id(self, element: CfnElement) -> str:
        """Return the resource's own name (`WorkQueue`, `WorkerRole`), without its construct's name and CDK's hash.

        The name is readable in the console. The resource keeps it when its code moves to another construct.
        """
        path = [name for name in element.node.path.split("/")[1:] if name not in ("Resource", "Default")]
        return "".join(path[1:] or path).replace("-", "")
