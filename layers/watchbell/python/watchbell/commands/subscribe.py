"""/subscribe: hear of monitors by direct messages, or let a channel, a role or a webhook hear of them."""

from watchbell import (
    Annotated,
    Channel,
    Choice,
    Command,
    Kinds,
    Length,
    Names,
    Reply,
    Role,
    UserError,
    _,
    anyone,
    permission,
)
from watchbell import role as role_of
from watchbell.kit import server as settings

command = Command("subscribe", "Hear of monitors that are not up", who=anyone, private=True, contexts=("guild",))

may_change = permission("MANAGE_GUILD") | role_of("admin")

SEVERITIES = {"degraded": "degraded or down", "quiet": "degraded silently, or down", "down": "only down"}
RECOVERIES = {"told": "tell them", "silent": "tell them silently", "shown": "only change the alert"}
MOST_OF_A_PERSON = 25
"""Discord: a select has at most 25 options."""

SHOWN = 25
"""How many subscriptions of channels and roles are listed."""


@command.run
def subscribe(
    interaction,
    tools,
    *,
    what: str = "",
    severity: Annotated[Choice["degraded", "quiet", "down"], Names(SEVERITIES)] = "degraded",
    recoveries: Annotated[Choice["told", "silent", "shown"], Names(RECOVERIES)] = "told",
    role: Role | None = None,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    webhook: str = "",
    wording: Annotated[str, Length(1, 300)] = "",
):
    """Hear of monitors by direct messages. For a role, a channel or a webhook, you need to manage the server.

    what: A monitor, a group or a tag (default: all of them)
    severity: What I tell you of
    recoveries: What I do when a monitor is up again
    role: Mention this role
    channel: Post in this channel
    webhook: Post by the webhook with this name
    wording: What messages begin with, such as {monitor} is {state}
    """
    from dataclasses import replace

    from watchbell.outbox import known
    from watchbell.outbox.kinds import SUBSCRIPTION
    from watchbell.subscriptions.subscription import MOST, Subscription, about, id_of, line
    from watchbell.subscriptions.wording import checked

    guild_id = interaction.guild_id
    roster = tools.monitors.roster(guild_id)
    subject = about(what, roster)
    if role or channel or webhook:
        require_manager(interaction, tools)
    to = recipient(role, channel, webhook, interaction, tools)
    place = channel.id if role and channel else ""
    if role:
        require_mentionable(role.id, guild_id, tools)
    if channel:
        require_place(channel.id, tools)
    found = known.subscriptions(guild_id, tools)
    id = id_of(to, subject, place)
    same = [each for each in found if each.to == to]
    if not any(each.id == id for each in found):
        if len(found) >= MOST:
            raise UserError(_("This server already has {n} subscriptions, and cannot have more.", n=MOST))
        if to.startswith("user:") and len(same) >= MOST_OF_A_PERSON:
            raise UserError(_("You already have {n} subscriptions. End one with `/notifications`.", n=len(same)))
    # The recipient's quiet hours and snooze hold for all that they hear of.
    rings = same[0] if same else Subscription(id, to)
    words = checked(wording) if wording else ""
    wanted = replace(rings, id=id, about=subject, least=severity, recoveries=recoveries, channel=place, wording=words)
    if to.startswith("user:"):
        wanted = replace(wanted, locale=interaction.locale)
    tools.data(SUBSCRIPTION, guild_id).put(wanted.item())
    if webhook:
        keep_if_there(to, lambda: tools.data(SUBSCRIPTION, guild_id).delete(id), interaction, tools)
    text = line(wanted, roster, tools.now())
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
    return tools.roster(interaction.guild_id).names


def recipient(role, channel, webhook: str, interaction, tools) -> str:
    """Who is meant by the options. Raises UserError if they do not fit together, or if there is no such webhook."""
    from watchbell.commands import webhook as webhooks

    if not webhook:
        return f"role:{role.id}" if role else f"channel:{channel.id}" if channel else f"user:{interaction.user_id}"
    if role or channel:
        raise UserError(_("A webhook has its own channel, and mentions nobody. Leave out `role` and `channel`."))
    name = webhook.strip().lower()
    webhooks.there(name, interaction, tools)
    return f"webhook:{name}"


def keep_if_there(to: str, forget, interaction, tools) -> None:
    """Call `forget` and raise UserError if a webhook was removed while something was stored that goes there."""
    from watchbell.commands import webhook as webhooks

    try:
        webhooks.there(to.removeprefix("webhook:"), interaction, tools)
    except UserError:
        forget()
        raise


def require_manager(interaction, tools) -> None:
    """Raise UserError unless the person may change what channels and roles hear of."""
    if not may_change.allows(interaction, tools):
        raise UserError(_("To change what others hear of, you need the permission Manage Server or the rank admin."))


def require_mentionable(role_id: str, guild_id: str, tools) -> None:
    if role_id == guild_id:
        raise UserError(_("I never mention everybody. Choose another role."))
    if role_id not in tools.server_settings.of(guild_id)[settings.mention_roles]:
        text = _("I may not mention {role}, so their phones would stay silent.", role=f"<@&{role_id}>")
        raise UserError(text + " " + _("Add it to **Roles that I may mention** in `/setup` first."))


def require_place(channel_id: str, tools) -> None:
    """Raise UserError if the bot may not post in a channel, or if the channel is gone."""
    from watchbell.discord.permissions import listed
    from watchbell.errors import DiscordError
    from watchbell.status.refusal import UNKNOWN_CHANNEL

    try:
        missing = tools.discord.missing(channel_id, *settings.status_channel.needs)
    except DiscordError as error:
        if error.code != UNKNOWN_CHANNEL:
            raise
        raise UserError(_("This channel no longer exists. Choose another one.")) from None
    if missing:
        names = listed(tuple(missing))
        raise UserError(_("I cannot post in {channel}: I lack {names}.", channel=f"<#{channel_id}>", names=names))
