"""All errors that Watchbell raises on purpose.

    WatchbellError
    ├── UserError           the person can correct it: shown to them in private, never retried
    │   └── FormError       a submitted form is wrong, with a text for each field; FieldError for one field
    ├── DefinitionError     a feature is declared, or answers, in a way that cannot work: fails the build or its tests
    ├── NoRoom              state is too long for a custom id and cannot be stored in the table
    ├── InvalidReply        a feature answered something that Discord would refuse: found before it is sent
    ├── Retry               the work cannot be done now: it goes back to the queue, with a wait
    │   ├── Changed         stored data is not as it was when it was read: the handler runs again
    │   └── Paced           Discord must not be called yet
    ├── Unavailable         a call to an AWS service failed; a retry may help
    │   └── Unsure          the same for a write that may have happened
    ├── UnknownSource       no status source has that name
    └── DiscordError        Discord refused or did not answer; `permanent` says that a retry does not help

Any other exception is a bug. It is logged with its stack and retried once. Then the person is told, and the message
ends in the dead letters.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class WatchbellError(Exception):
    """The base class of all errors here."""


class UserError(WatchbellError):
    """A text for the person who asked: what is wrong and what to do. At most 2,000 characters.

    If `reply` is not None, it is shown instead: a reply with the text and a button that helps to correct the mistake.
    """

    reply: "Any" = None


class FormError(UserError):
    """A submitted form is wrong. `faults` has the texts for its fields, by name; "" is the whole form."""

    def __init__(self, faults: "dict[str, str]") -> None:
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in faults.items()))
        self.faults = faults


class FieldError(FormError):
    """One field of a form is wrong. A handler raises it: `FieldError("name", "That one is taken.")`."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__({field: text})


class DefinitionError(WatchbellError):
    """A feature is declared in a way that Discord would refuse, or uses the kit in a way that cannot work.

    The message names the feature, the place, and the limit or what to write instead. A retry does not help.
    """


class NoRoom(WatchbellError, ValueError):
    """State is too long for a custom id and cannot be stored in the table.

    The ingress writes no table, and stored state must expire.
    """


class InvalidReply(WatchbellError):
    """A feature answered something that Discord would refuse. This is a bug in the feature; a retry does not help.

    `kind` is the kind of payload. `faults` has a line for each fault, with its place. `whose` names the handler.
    """

    def __init__(self, kind: str, faults: list[str], whose: str = "") -> None:
        super().__init__(f"{whose}{': ' * bool(whose)}Discord would refuse this {kind}: " + "; ".join(faults))
        self.faults = faults


class Retry(WatchbellError):
    """The work cannot be finished now. The message goes back to its queue for `wait` seconds.

    If `wait` is None, each attempt waits longer than the one before.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Changed(Retry):
    """A feature's data changed between a read and a write that depends on it, so nothing was written.

    A handler can catch it and read again. Otherwise the message goes back to its queue, and the handler runs again.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, wait=1.0)


class Paced(Retry):
    """Discord must not be called yet, and the wait is too long for a function. The call was not made."""


class Unavailable(WatchbellError):
    """An AWS service could not be reached, was too slow, or refused."""


class Unsure(Unavailable):
    """A write failed with Unavailable, but the AWS service may have done it."""


class UnknownSource(WatchbellError):
    """No status source has that name. `names` are the names of the sources that exist."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(f"no status source is called {name!r}")
        self.names = names


class DiscordError(WatchbellError):
    """Discord refused a call, or gave no usable answer.

    `status` is the HTTP status, 0 if there was no answer. `code` is Discord's JSON error code, 0 if there is none.
    `errors` is Discord's nested explanation for code 50035; `faults` has a line `path: message` for each fault in it.
    `permanent` means that the same call will fail again. `wait` is the number of seconds to wait after a 429, else
    None. `of_feature` means that a feature's own call failed, not the call that shows its answer.

    `by_discord` is false if the answer was not Discord's JSON. A proxy or Cloudflare may have given it, so it says
    nothing about the request.

    The message has the `faults`. It never contains a token, because `route` is a template.
    """

    def __init__(
        self,
        route: str,
        status: int,
        code: int = 0,
        text: str = "",
        *,
        errors: object = None,
        faults: "Sequence[str]" = (),
        wait: float | None = None,
        by_discord: bool = True,
    ) -> None:
        super().__init__("; ".join([f"{route}: {status} {code} {text}".rstrip(), *faults]))
        self.of_feature = False
        self.status = status
        self.code = code
        self.text = text
        self.errors = errors
        self.faults = list(faults)
        self.wait = wait
        self.by_discord = by_discord

    @property
    def refused(self) -> bool:
        """True if the call surely had no effect. Otherwise Discord may have done what was asked."""
        return self.status == 429 or (self.by_discord and 400 <= self.status < 500)

    @property
    def permanent(self) -> bool:
        """True if Discord refused the request itself. A refused bot token does not count, since it can be replaced."""
        return self.refused and self.status not in (408, 429) and not self.unauthorised

    @property
    def gone(self) -> bool:
        """True if the message, its channel or the token no longer exists, or direct messages are closed.

        Nobody would see an answer.
        """
        return self.permanent and self.code in (10003, 10008, 10015, 10062, 50027, 50007, 50278)

    @property
    def unauthorised(self) -> bool:
        """True if the bot token was refused. Code 50027 is also a 401, but for an expired interaction token."""
        return self.by_discord and self.status == 401 and self.code != 50027
