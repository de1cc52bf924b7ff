"""Who a message may notify."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Mentions:
    """The users and roles that a message may notify. It notifies them only if its text also mentions them.

    `users` and `roles` are ids, at most 100 each, or True for all that the text mentions. `everyone` allows @everyone
    and @here.
    """

    __slots__ = ("everyone", "roles", "users")

    def __init__(
        self, *, users: "Iterable[str] | bool" = (), roles: "Iterable[str] | bool" = (), everyone: bool = False
    ) -> None:
        self.users = users if isinstance(users, bool) else list(users)
        self.roles = roles if isinstance(roles, bool) else list(roles)
        self.everyone = everyone

    def payload(self) -> dict:
        groups = {"users": self.users, "roles": self.roles, "everyone": self.everyone}
        payload: dict = {"parse": [name for name, group in groups.items() if group is True]}
        payload.update((name, group) for name, group in groups.items() if isinstance(group, list) and group)
        return payload
