"""Everything that Watchbell raises on purpose.

    WatchbellError
    ├── UserError           for the person who asked: shown to them privately, never retried
    │   └── FormError       what they submitted is wrong, field by field; FieldError for one field
    ├── DefinitionError     a feature is declared, or answers, in a way that cannot work: fails the build, or its tests
    ├── NoRoom              a custom id cannot carry so much, and there is no table to put it into
    ├── InvalidReply        a feature answered something that Discord would not take: found before it is sent
    ├── Retry               not now: back to the queue, with a wait
    ├── Unavailable         an AWS service did not take or give what it should; a retry may help
    │   └── Unsure          and may have taken it all the same
    ├── UnknownSource       no status source has that name
    └── DiscordError        Discord refused or did not answer; `permanent` says whether a retry may help

Anything else that is raised is a bug: it is logged with its stack, retried, and ends in the dead letters.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class WatchbellError(Exception):
    """The root of the tree above."""


class UserError(WatchbellError):
    """A sentence for the person who asked: what is wrong and what to do. At most 2,000 characters.

    `reply`, where it is not None, is shown in its place: the same with a button that helps to mend it.
    """

    reply: "Any" = None


class FormError(UserError):
    """What is wrong with a submitted form: the names of fields -> what the person should know, "" for the whole."""

    def __init__(self, faults: "dict[str, str]") -> None:
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in faults.items()))
        self.faults = faults


class FieldError(FormError):
    """What is wrong with one field, for a handler to raise: `FieldError("name", "That one is taken.")`."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__({field: text})


class DefinitionError(WatchbellError):
    """A feature is declared in a way that Discord would refuse, or does with the kit what cannot work; names the
    feature, the place, and the limit or what to write instead. The same at every try."""


class NoRoom(WatchbellError, ValueError):
    """State has no room in a custom id and cannot lie in the table: the ingress writes none, and what is kept there
    must expire."""


class InvalidReply(WatchbellError):
    """A feature answered something that Discord would refuse; `faults` says what, a line a fault, each with its place,
    and `whose` which handler that was.

    A bug of the feature, and the same at every try.
    """

    def __init__(self, kind: str, faults: list[str], whose: str = "") -> None:
        super().__init__(f"{whose}{': ' * bool(whose)}Discord would refuse this {kind}: " + "; ".join(faults))
        self.faults = faults


class Retry(WatchbellError):
    """This delivery cannot be finished now; it goes back to its queue for `wait` seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Unavailable(WatchbellError):
    """An AWS service could not be reached, was too slow, or refused."""


class Unsure(Unavailable):
    """The same of a write, which it may have done all the same."""


class UnknownSource(WatchbellError):
    """No status source has that name. `names` are the names of the sources that exist."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(f"no status source is called {name!r}")
        self.names = names


class DiscordError(WatchbellError):
    """Discord refused a call, or gave no usable answer.

    `status` is the HTTP status, 0 where there was no answer; `code` is Discord's JSON error code, 0 where it gave
    none; `errors` is its nested explanation for code 50035. `permanent` means that the same call will fail again.
    `wait` is the number of seconds that Discord asked us to stay away (429), else None. `of_feature`: it came of a
    feature's own call, not of showing its answer.
    The message never holds a token: it names the route by its template.
    """

    def __init__(
        self,
        route: str,
        status: int,
        code: int = 0,
        text: str = "",
        *,
        errors: object = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(f"{route}: {status} {code} {text}".rstrip())
        self.of_feature = False
        self.status = status
        self.code = code
        self.text = text
        self.errors = errors
        self.wait = wait

    @property
    def permanent(self) -> bool:
        """True for a refusal of the request itself; 401 is not, since an operator can mend a token while we wait."""
        return 400 <= self.status < 500 and self.status not in (408, 429) and not self.unauthorised

    @property
    def gone(self) -> bool:
        """True where a message or token is no more, or a person's direct messages are closed: nobody sees it."""
        return self.code in (10008, 10015, 10062, 50027, 50007, 50278)

    @property
    def unauthorised(self) -> bool:
        """True where the bot token was refused. 50027 is a 401 too, but about an interaction's expired token."""
        return self.status == 401 and self.code != 50027
