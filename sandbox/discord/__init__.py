"""A simulated Discord on loopback: its REST API with rate limits and deadlines, and people who use the bot."""

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
