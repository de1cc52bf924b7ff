"""/remind: post a text in a channel, once or again and again."""

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
from watchbell.outbox.kinds import TIMED
from watchbell.status.states import OWN

command = Command(
    "remind",
    "Post a text once, or again and again",
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
    """Post a text in a channel, once or again and again.

    text: What I post. I ping only roles that I may mention
    when: 2026-12-01 09:00, tomorrow 09:00, daily 09:00, mon-fri 09:00, or cron such as 0 9 1 * *
    channel: Where (default: here)
    zone: The time zone (default: the server's)
    """
    from watchbell.commands import digest, subscribe
    from watchbell.status.maintenance import repeating
    from watchbell.subscriptions.timed import Timed, check_often, check_text, id_of, once, roles_in

    # The same id in each try, so that a retry after a lost answer makes one reminder.
    id, records = id_of(interaction.id), tools.data(TIMED, interaction.guild_id)
    if made := records.get(id):
        return Reply(components=[Container(Text(line(Timed.parse(made))), colour=OWN)])
    said, clock = check_text(text), digest.clock_of(zone, interaction, tools)
    typed = " ".join(when.lower().split())
    cron = once(typed, clock, tools.now()) or repeating(typed)
    if not cron:
        raise UserError(
            _(
                "Write when it comes as `2026-12-01 09:00` or `tomorrow 09:00`, again and again as `daily 09:00`, "
                "`mon-fri 09:00` or `sun 18:00`, or as a cron expression such as `0 9 1 * *`."
            )
        )
    check_often(cron)
    for id in roles_in(said):
        subscribe.require_mentionable(id, interaction.guild_id, tools)
    place = channel.id if channel else interaction.channel_id
    subscribe.require_place(place, tools)
    wanted = Timed(id, f"channel:{place}", cron, clock, text=said)
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
    from watchbell.discord.text import clip, escape_but_mentions
    from watchbell.status.maintenance import Repeating, written
    from watchbell.subscriptions.timed import ONCE

    often = f"`{written(Repeating(each.cron, 0, each.zone))}` ({each.zone})"
    often = _("once") if each.cron.startswith(ONCE) else often
    small = [f"<#{each.to.partition(':')[2]}>", often, digest.when(each), f"`{each.id}`"]
    if each.refused:
        small.append(_("the last one was refused by Discord (error {code})", code=each.refused))
    return f"{escape_but_mentions(clip(each.text, 300))}\n-# " + " · ".join(small)
