"""/unsubscribe: hear of monitors no longer."""

from watchbell import Annotated, Channel, Command, Kinds, Reply, Role, UserError, _, anyone
from watchbell.kit import server

command = Command("unsubscribe", "Stop hearing of monitors", who=anyone, private=True, contexts=("guild",))


@command.run
def unsubscribe(
    interaction,
    tools,
    *,
    what: str = "",
    role: Role | None = None,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    webhook: str = "",
):
    """End your subscription. For a role, a channel or a webhook, you need to manage the server.

    what: A monitor, a group or a tag (default: end all of them)
    role: End what this role hears of
    channel: End what this channel hears of
    webhook: End what this webhook hears of
    """
    from watchbell.commands import subscribe
    from watchbell.outbox import known
    from watchbell.outbox.kinds import SUBSCRIPTION
    from watchbell.subscriptions.subscription import STATUS, about

    guild_id = interaction.guild_id
    if role or channel or webhook:
        subscribe.require_manager(interaction, tools)
    to = subscribe.recipient(role, channel, webhook, interaction, tools)
    ends = {to}
    if channel and channel.id == tools.server_settings.of(guild_id)[server.status_channel]:
        ends.add(STATUS)
    found = [each for each in known.subscriptions(guild_id, tools) if each.to in ends]
    if what.strip():
        subject = about(what, tools.monitors.roster(guild_id))
        found = [each for each in found if each.about == subject]
    if not found:
        raise UserError(_("There is no such subscription. `/notifications` shows what there is."))
    for each in found:
        tools.data(SUBSCRIPTION, guild_id).delete(each.id)
    return Reply(_("Done. Of alerts that were sent already, I still say how they end."))


@unsubscribe.autocomplete
def what(interaction, tools, typed):
    return tools.roster(interaction.guild_id).names
