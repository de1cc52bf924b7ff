"""/digest: what the monitors did in a day, a week or a month, in a channel, by a webhook or by direct messages."""

from watchbell import (
    Annotated,
    Channel,
    Choice,
    Command,
    Container,
    Kinds,
    Names,
    Quota,
    Range,
    Reply,
    Section,
    Text,
    UserError,
    _,
    anyone,
)
from watchbell.kit import server as settings
from watchbell.kit import zones
from watchbell.outbox.kinds import TIMED
from watchbell.status.states import OWN

command = Command(
    "digest",
    "Get a digest of what the monitors did",
    who=anyone,
    private=True,
    contexts=("guild",),
)

CADENCES = {"daily": "every day", "weekly": "every week", "monthly": "every month"}
WEEKDAYS = {
    "monday": "Monday",
    "tuesday": "Tuesday",
    "wednesday": "Wednesday",
    "thursday": "Thursday",
    "friday": "Friday",
    "saturday": "Saturday",
    "sunday": "Sunday",
}


@command.subcommand(name="set", audit="digest.set")
def put(
    interaction,
    tools,
    *,
    every: Annotated[Choice["daily", "weekly", "monthly"], Names(CADENCES)] = "daily",
    time: str = "08:00",
    zone: str = "",
    weekday: Annotated[
        Choice["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], Names(WEEKDAYS)
    ] = "monday",
    day: Annotated[int, Range(1, 28)] = 1,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    webhook: str = "",
):
    """Get a digest by direct messages. For a channel or a webhook, you need to manage the server.

    every: How often it comes
    time: The time of the day, such as 08:00
    zone: Its time zone (default: the server's)
    weekday: The day of a weekly digest
    day: The day of the month of a monthly digest
    channel: Post it in this channel
    webhook: Post it by the webhook with this name
    """
    from watchbell.commands import subscribe
    from watchbell.subscriptions.timed import Timed, expression, id_of

    if channel or webhook:
        subscribe.require_manager(interaction, tools)
    to = subscribe.recipient(None, channel, webhook, interaction, tools)
    if channel:
        subscribe.require_place(channel.id, tools)
    cron, clock = expression(every, time, weekday, day), clock_of(zone, interaction, tools)
    id = id_of(to, every)
    locale = "" if channel or webhook else interaction.locale
    kept = store(Timed(id, to, cron, clock, cadence=every, locale=locale), interaction, tools)
    if webhook:
        forget = tools.data(TIMED, interaction.guild_id).delete
        subscribe.keep_if_there(to, lambda: forget(id), interaction, tools)
    return Reply(components=[Container(Text(line(kept)), colour=OWN)])


@put.autocomplete(option="zone")
def zone(interaction, tools, typed):
    return [(name, name) for name in zones.near(typed)]


@command.subcommand(quota=Quota(10, per=60))
def preview(
    interaction,
    tools,
    *,
    every: Annotated[Choice["daily", "weekly", "monthly"], Names(CADENCES)] = "daily",
):
    """See what a digest would say now.

    every: Which digest
    """
    from watchbell.outbox import timed
    from watchbell.subscriptions import digest
    from watchbell.subscriptions.timed import Timed

    shown = Timed("", "", "", cadence=every)
    found = timed.of_server(interaction.guild_id, shown, None, "", "", tools)
    return digest.compose(found) if found.figures else digest.nothing_monitored("", "")


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List the digests: yours, and those of channels and webhooks."""
    return listed(interaction, tools)


@command.pager(per_page=6)
def listed(interaction, tools, page):
    from watchbell.commands import subscribe
    from watchbell.outbox import known

    mine = f"user:{interaction.user_id}"
    found = [each for each in known.timed(interaction.guild_id, tools) if not each.text]
    shown = page.of([each for each in found if each.to == mine or not each.to.startswith("user:")])
    if not shown:
        return Reply(_("There is no digest yet. `/digest set` makes one."))
    manages = subscribe.may_change.allows(interaction, tools)
    parts = [
        Section(line(each), accessory=end.button(_("End"), id=each.id))
        if manages or each.to == mine
        else Text(line(each))
        for each in shown
    ]
    return Reply(components=[Container(Text("### " + _("Digests")), *parts, colour=OWN)])


@command.subcommand(audit="digest.off")
def off(
    interaction,
    tools,
    *,
    every: Annotated[Choice["daily", "weekly", "monthly"], Names(CADENCES)] | None = None,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    webhook: str = "",
):
    """End your digests. For a channel or a webhook, you need to manage the server.

    every: Which one (default: all of yours, or of the channel or webhook)
    channel: End those of this channel
    webhook: End those of this webhook
    """
    from watchbell.commands import subscribe
    from watchbell.outbox import known

    to = subscribe.recipient(None, channel, webhook, interaction, tools)
    found = [
        each
        for each in known.timed(interaction.guild_id, tools)
        if not each.text and each.to == to and every in (None, each.cadence)
    ]
    if not found:
        raise UserError(_("There is no such digest. `/digest list` shows what there is."))
    for each in found:
        ended(each.id, interaction, tools)
    return Reply("\n".join([_("These come no more:"), *(f"- {named(each)}" for each in found)]))


@command.button(updates=True, audit="digest.off")
def end(interaction, tools, *, id: str):
    """End a digest of the list."""
    ended(id, interaction, tools)
    return listed(interaction, tools)


@command.button(expires=None)
def stop(interaction, tools, *, server: str, id: str):
    """End a digest in the direct messages of the person who gets it."""
    records = tools.data(TIMED, server)
    item = records.get(id)
    if item and item["to"] == f"user:{interaction.user_id}":
        records.delete(id)
    return Reply(_("I send you this digest no more. `/digest set` in the server changes that."))


# ---- what is stored


def clock_of(typed: str, interaction, tools) -> str:
    """The time zone that a person means, or the server's. Raises UserError, with similar names, if there is none."""
    if not typed.strip():
        return tools.server_settings.of(interaction.guild_id)[settings.zone]
    found = zones.find(typed)
    if not found:
        near = ", ".join(f"`{each}`" for each in zones.near(typed, 3)) or "`UTC`"
        raise UserError(_("There is no time zone with this name. Did you mean {names}?", names=near))
    return found


def store(wanted, interaction, tools):
    """Store a digest or a reminder, with its next time. Return it. What an earlier one with its id knew is kept."""
    from dataclasses import replace

    from watchbell.outbox import known
    from watchbell.subscriptions.timed import MOST, MOST_OF_PEOPLE, Timed

    records = tools.data(TIMED, interaction.guild_id)
    item = records.get(wanted.id)
    if item is None:
        direct = wanted.to.startswith("user:")
        most = MOST_OF_PEOPLE if direct else MOST
        others = [each.to.startswith("user:") == direct for each in known.timed(interaction.guild_id, tools)]
        if sum(others) >= most:
            raise UserError(_("This server already has {n} digests and reminders, and cannot have more.", n=most))
    else:
        before = Timed.parse(item)
        wanted = replace(wanted, told=before.told, totals=before.totals, quiet=before.quiet)
    following = wanted.next(tools.now())
    if following is None:  # it comes once, and that time has passed while this waited
        raise UserError(_("This time is over already."))
    wanted = replace(wanted, due=following.due)
    records.put({**wanted.item(), "version": item["version"] if item else ""})
    return wanted


def follow(before: str, channel: str, guild_id: str, tools) -> None:
    """Let the digests of a channel come in another one, which takes its place. One that comes there already stays."""
    from dataclasses import replace

    from watchbell.outbox import known
    from watchbell.subscriptions.timed import id_of

    records, to = tools.data(TIMED, guild_id), f"channel:{channel}"
    for each in known.timed(guild_id, tools):
        if each.to != f"channel:{before}" or each.text or before == channel:
            continue
        moved = replace(each, id=id_of(to, each.cadence), to=to, refused=0)
        if records.get(moved.id) is None:
            records.put({**moved.item(), "version": ""})
        records.delete(each.id)  # last, so that a second try finds it


def ended(id: str, interaction, tools) -> None:
    """End a digest or a reminder. Raises UserError if it is a channel's, and the person does not manage the server."""
    from watchbell.commands import subscribe

    records = tools.data(TIMED, interaction.guild_id)
    item = records.get(id)
    if item is None:
        return
    if item["to"] != f"user:{interaction.user_id}":
        subscribe.require_manager(interaction, tools)
    records.delete(id)


def named(each) -> str:
    """A digest, and where it comes."""
    from watchbell.subscriptions.digest import title
    from watchbell.subscriptions.subscription import who

    where = _("by direct message to you") if each.to.startswith("user:") else who(each.to)
    return f"**{title(each.cadence)}** {where}"


def line(each) -> str:
    """A digest, where and when it comes, and what is wrong with it."""
    small = [f"{when(each)} ({each.zone})"]
    if each.refused:
        small.append(_("the last one was refused by Discord (error {code})", code=each.refused))
    return f"{named(each)}\n-# " + " · ".join(small)


def when(each) -> str:
    """When something comes next, as Discord shows it in the reader's time zone."""
    return _("next {time}", time=f"<t:{each.due}:f>")
