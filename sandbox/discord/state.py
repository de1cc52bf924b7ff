"""Everything that one simulated Discord holds. The REST API, the people and the events read and change it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sandbox.discord.commands import CommandRegistry
from sandbox.discord.faults import InjectedFaults
from sandbox.discord.interactions import Interactions
from sandbox.discord.signing import Signer
from sandbox.discord.transcript import Transcript
from sandbox.discord.world import World


class State:
    """The world, the one application in it, and what happened so far.

    `clock` and `signing_clock` give epoch seconds; see `Discord`.
    """

    def __init__(
        self,
        application_id: str,
        bot_token: str,
        bot_name: str,
        clock: Callable[[], float],
        signing_clock: Callable[[], float],
    ) -> None:
        self.clock = clock
        self.world = World(application_id, bot_name, clock)
        self.transcript = Transcript(clock)
        self.injected = InjectedFaults()
        self.stopped = threading.Event()
        # The application, as the developer portal knows it.
        self.application_id, self.bot_token = application_id, bot_token
        self.signer = Signer(signing_clock)
        self.interactions_url: str | None = None
        self.events_url: str | None = None
        self.commands = CommandRegistry(application_id, self.world.snowflake, clock)
        self.interactions = Interactions(self.world)
        # Real seconds that Discord takes to record an ack. A PATCH that arrives earlier gets 404/10015.
        self.ack_recorded_after = 0.0
