"""/remind: post a text in a channel again and again."""

from watchbell import (
    Annotated,
    Channel,
    Command,
    Container,
    Kinds,
    Reply,
    Section,
    Text,
    UserError,
    _,
    permission,
)
from watchbell import role as role_of
from watchbell.kit import zones
from watchbell.status.states import OWN

command = Command(
    "remind",
    "Post a text again and again",
    who=permission("MANAGE_GUILD") | role_of("admin"),
    private=True,
    contexts=("guild",),
)


@command.subcommand(audit="reminder.add")
def add(
    interaction,
    tools,
    *,
    text: str,
    when: str,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    zone: str = "",
):
    """Post a text in a channel again and again.

    text: What I post. I ping only roles that I may mention
    when: daily 09:00, mon-fri 09:00, sun 18:00, or a cron expression such as 0 9 1 * *
    channel: Where (default: here)
    zone: The time zone (default: the server's)
    """
    from watchbell.commands import digest, subscribe
    from watchbell.status.maintenance import repeating
    from watchbell.subscriptions.timed import Timed, check_often, check_text, id_of, roles_in

    said, cron = check_text(text), repeating(when)
    if not cron:
        raise UserError(
            _(
                "Write when it comes as `daily 09:00`, `mon-fri 09:00` or `sun 18:00`, or as a cron expression such as "
                "`0 9 1 * *`."
            )
        )
    check_often(cron)
    clock = digest.clock_of(zone, interaction, tools)
    for id in roles_in(said):
        subscribe.require_mentionable(id, interaction.guild_id, tools)
    place = channel.id if channel else interaction.channel_id
    subscribe.require_place(place, tools)
    # The same id in each try, so that a retry after a lost answer makes one reminder.
    wanted = Timed(id_of(interaction.id), f"channel:{place}", cron, clock, text=said)
    return Reply(components=[Container(Text(line(digest.store(wanted, interaction, tools))), colour=OWN)])


@add.autocomplete(option="zone")
def zone(interaction, tools, typed):
    return [(name, name) for name in zones.near(typed)]


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List the reminders."""
    return listed(interaction, tools)


@command.pager(per_page=6)
def listed(interaction, tools, page):
    from watchbell.outbox import known

    shown = page.of([each for each in known.timed(interaction.guild_id, tools) if each.text])
    if not shown:
        return Reply(_("There is no reminder yet. `/remind add` makes one."))
    sections = [Section(line(each), accessory=end.button(_("Remove"), id=each.id)) for each in shown]
    return Reply(components=[Container(Text("### " + _("Reminders")), *sections, colour=OWN)])


@command.subcommand(audit="reminder.remove")
def remove(interaction, tools, *, reminder: str):
    """Remove a reminder.

    reminder: Its id, which the list shows
    """
    from watchbell.commands import digest
    from watchbell.outbox import known

    found = [each for each in known.timed(interaction.guild_id, tools) if each.text and each.id == reminder.strip("` ")]
    if not found:
        raise UserError(_("There is no reminder with this id. `/remind list` shows all of them."))
    digest.ended(found[0].id, interaction, tools)
    return Reply(_("Done. It comes no more."))


@command.button(updates=True, audit="reminder.remove")
def end(interaction, tools, *, id: str):
    """Remove a reminder of the list."""
    from watchbell.commands import digest

    digest.ended(id, interaction, tools)
    return listed(interaction, tools)


def line(each) -> str:
    """A reminder: its text, where and when it comes, and what is wrong with it."""
    from watchbell.commands import digest
    from watchbell.discord.text import clip, escape

    small = [f"<#{each.to.partition(':')[2]}>", f"`{each.cron}` ({each.zone})", digest.when(each), f"`{each.id}`"]
    if each.refused:
        small.append(_("the last one was refused by Discord (error {code})", code=each.refused))
    return f"{clip(escape(each.text), 300)}\n-# " + " · ".join(small)
