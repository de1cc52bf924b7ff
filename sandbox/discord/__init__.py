"""A Discord to develop against: the REST routes, limits, deadlines and people that a status bot meets, on loopback."""

from sandbox.discord.endpoint_check import EndpointRefused
from sandbox.discord.events import EventDelivery
from sandbox.discord.exchange import Exchange, InteractionFailed
from sandbox.discord.inputs import NotPossible
from sandbox.discord.people import Person
from sandbox.discord.render import render
from sandbox.discord.service import Discord

__all__ = [
    "Discord",
    "EndpointRefused",
    "EventDelivery",
    "Exchange",
    "InteractionFailed",
    "NotPossible",
    "Person",
    "render",
]
