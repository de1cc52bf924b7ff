"""/escalation: who is told next if a monitor stays down and nobody is on it."""

from itertools import pairwise

from watchbell import (
    Annotated,
    Channel,
    Command,
    Container,
    Kinds,
    Range,
    Reply,
    Role,
    Separator,
    Text,
    User,
    UserError,
    _,
    ngettext,
    permission,
)
from watchbell import role as role_of
from watchbell.outbox.kinds import STEP
from watchbell.status.states import OWN

MOST = 3

command = Command(
    "escalation",
    "Tell more people if nobody is on it",
    who=permission("MANAGE_GUILD") | role_of("admin"),
    private=True,
    contexts=("guild",),
)


@command.subcommand(audit="escalation.set", name="set", lock="escalation:{guild}")
def put(
    interaction,
    tools,
    *,
    step: Annotated[int, Range(1, MOST)],
    minutes: Annotated[int, Range(1, 1440)],
    person: User | None = None,
    role: Role | None = None,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
):
    """Set a step.

    step: 1, 2 or 3
    minutes: How many minutes after the alert
    person: Send a person a direct message
    role: Mention a role in the status channel
    channel: Post in this channel instead
    """
    from watchbell.commands import subscribe

    chosen = [f"{kind}:{each.id}" for kind, each in (("user", person), ("role", role), ("channel", channel)) if each]
    if len(chosen) != 1:
        raise UserError(_("Choose one of `person`, `role` and `channel`."))
    if channel:
        subscribe.require_place(channel.id, tools)
    if role:
        subscribe.require_mentionable(role.id, interaction.guild_id, tools)
    store(step, minutes, chosen[0], interaction.guild_id, tools)
    return shown(interaction, tools)


@command.subcommand(name="show")
def show(interaction, tools):
    """Show the steps."""
    return shown(interaction, tools)


@command.subcommand(audit="escalation.off", lock="escalation:{guild}")
def off(interaction, tools):
    """Remove all steps."""
    for number in range(1, MOST + 1):
        tools.data(STEP, interaction.guild_id).delete(str(number))
    return shown(interaction, tools)


def store(number: int, minutes: int, to: str, guild_id: str, tools) -> None:
    """Set a step. `to` is `user:`, `role:` or `channel:` and an id. Raises UserError if the steps lose their order.

    The caller has the lock `escalation:{guild}`, because two steps that are set at once could be in the wrong order.
    """
    from watchbell.outbox import known

    others = [each for each in known.steps(guild_id, tools) if each["step"] != str(number)]
    order = sorted([*((int(each["step"]), each["minutes"]) for each in others), (number, minutes)])
    if any(later <= earlier for (_one, earlier), (_other, later) in pairwise(order)):
        raise UserError(_("Each step comes later than the step before it. See `/escalation show`."))
    kind, _colon, id = to.partition(":")
    tools.data(STEP, guild_id).put(
        {"step": str(number), "minutes": minutes, "to": to, "person": id if kind == "user" else ""}
    )


def shown(interaction, tools) -> Reply:
    from watchbell.outbox import known

    lines = [line(each) for each in known.steps(interaction.guild_id, tools)]
    end = _("It ends when somebody presses **Acknowledge**, or when the monitor is up again.")
    lines = [*lines, f"-# {end}"] if lines else [_("There are no steps. `/escalation set` adds one.")]
    head = Text("### " + _("Escalation"))
    return Reply(components=[Container(head, Separator(), Text("\n".join(lines)), colour=OWN)])


def line(step: dict) -> str:
    from watchbell.subscriptions.subscription import who

    hears, minutes = who(step["to"]), step["minutes"]
    after = ngettext("after {n} minute: {who}", "after {n} minutes: {who}", minutes, who=hears)
    return f"{step['step']}. {after}"
