"""The plain-call half of the testing kit: call a feature in a test, without network or AWS. It is not shipped."""

from .calls import CHANNEL, GUILD, USER, FakeTools, Somebody, autocomplete, choose, press, run, submit
from .net import FakeNet, answer

__all__ = [
    "CHANNEL",
    "GUILD",
    "USER",
    "FakeNet",
    "FakeTools",
    "Somebody",
    "answer",
    "autocomplete",
    "choose",
    "press",
    "run",
    "submit",
]
