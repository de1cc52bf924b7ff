"""/subscribe: hear of monitors by direct messages, or let a channel or a role hear of them."""

from watchbell import (
    Annotated,
    Channel,
    Choice,
    Command,
    Kinds,
    Names,
    Reply,
    Role,
    UserError,
    _,
    anyone,
    permission,
    pgettext,
)
from watchbell import role as role_of
from watchbell.kit import server as settings

command = Command("subscribe", "Hear of monitors that are not up", who=anyone, private=True, contexts=("guild",))

may_change = permission("MANAGE_GUILD") | role_of("admin")

SEVERITIES = {"degraded": "degraded or down", "down": "only down"}
RECOVERIES = {"told": "tell them", "silent": "tell them silently", "shown": "only change the alert"}
MOST_OF_A_PERSON = 25


@command.run
def subscribe(
    interaction,
    tools,
    *,
    what: str = "",
    severity: Annotated[Choice["degraded", "down"], Names(SEVERITIES)] = "degraded",
    recoveries: Annotated[Choice["told", "silent", "shown"], Names(RECOVERIES)] = "told",
    role: Role | None = None,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
):
    """Hear of monitors by direct messages. For a role or a channel, you need to manage the server.

    what: A monitor, a group or a tag (default: all of them)
    severity: What I tell you of
    recoveries: What I do when a monitor is up again
    role: Mention this role
    channel: Post in this channel
    """
    from watchbell.outbox import alerts
    from watchbell.subscriptions.subscription import MOST, about, id_of, line, subscription_item

    guild_id = interaction.guild_id
    roster = tools.monitors.roster(guild_id)
    subject = about(what, roster)
    if role or channel:
        require_manager(interaction, tools)
    to = f"role:{role.id}" if role else f"channel:{channel.id}" if channel else f"user:{interaction.user_id}"
    place = channel.id if role and channel else ""
    if role:
        require_mentionable(role, interaction, tools)
    if channel:
        require_place(channel.id, tools)
    found = alerts.subscriptions(guild_id, tools)
    id = id_of(to, subject, place)
    same = [each for each in found if each.to == to]
    if not any(each.id == id for each in found):
        if len(found) >= MOST:
            raise UserError(_("This server already has {n} subscriptions, and cannot have more.", n=MOST))
        if to.startswith("user:") and len(same) >= MOST_OF_A_PERSON:
            raise UserError(_("You already have {n} subscriptions. End one with `/notifications`.", n=len(same)))
    item = subscription_item(id, to, subject, severity, recoveries, place, same)
    stored = tools.data(alerts.SUBSCRIPTION, guild_id).put(item)
    text = line(alerts.subscription(stored), roster, tools.now())
    if to.startswith("user:"):
        lines = [
            _("I tell you by direct message of:"),
            text,
            _("`/notifications` has quiet hours, and sends you a test."),
        ]
        return Reply("\n".join(lines))
    return Reply("\n".join([_("From now on, these hear of it:"), text]))


@subscribe.autocomplete
def what(interaction, tools, typed):
    roster = tools.roster(interaction.guild_id)
    return [*(entry.name for entry in roster.entries), *roster.groups, *roster.tags]


def is_manager(interaction, tools) -> bool:
    decided = may_change.decide(interaction, tools)
    return bool(may_change.ask(interaction, tools) if decided is None else decided)


def require_manager(interaction, tools) -> None:
    """Raise UserError unless the person may change what channels and roles hear of."""
    if not is_manager(interaction, tools):
        raise UserError(
            _("To change what channels and roles hear of, you need the permission Manage Server or the rank admin.")
        )


def require_mentionable(role, interaction, tools) -> None:
    if role.id == interaction.guild_id:
        raise UserError(_("I never mention everybody. Choose another role."))
    allowed = tools.server_settings.of(interaction.guild_id)[settings.mention_roles]
    if role.id not in allowed:
        text = _("I may not mention {role}, so their phones would stay silent.", role=f"<@&{role.id}>")
        raise UserError(text + " " + _("Add it to **Roles that I may mention** in `/setup` first."))


def require_place(channel_id: str, tools) -> None:
    from watchbell.discord.permissions import spelt

    missing = tools.discord.missing(channel_id, *settings.status_channel.needs)
    if missing:
        names = ", ".join(pgettext("permission", name) for name in spelt(tuple(missing)))
        raise UserError(_("I cannot post in {channel}: I lack {names}.", channel=f"<#{channel_id}>", names=names))


def of_others(interaction, tools) -> list[str]:
    """The subscriptions of channels and roles, as lines, for those who may change them."""
    from watchbell.outbox import alerts
    from watchbell.subscriptions.subscription import line

    if not is_manager(interaction, tools):
        return []
    roster, now = tools.monitors.roster(interaction.guild_id), tools.now()
    found = [each for each in alerts.subscriptions(interaction.guild_id, tools) if not each.to.startswith("user:")]
    return [line(each, roster, now) for each in found[:25]]
