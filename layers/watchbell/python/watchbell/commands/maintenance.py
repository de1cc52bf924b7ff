"""/maintenance: windows of time in which nobody is alerted."""

from watchbell import (
    Annotated,
    Command,
    Container,
    Range,
    Reply,
    Section,
    Separator,
    Text,
    UserError,
    _,
    ngettext,
    permission,
    role,
)
from watchbell.discord.text import clip, escape
from watchbell.kit import server
from watchbell.status.states import OWN

SHOWN = 10
"""How many plans with one title can be chosen from. A layout has at most 40 components."""

command = Command(
    "maintenance",
    "Plan times in which nobody is alerted",
    who=permission("MANAGE_GUILD") | role("admin"),
    private=True,
    contexts=("guild",),
)


@command.subcommand(audit="maintenance.add", lock="maintenance:{guild}")
def add(
    interaction,
    tools,
    *,
    start: str,
    duration: str,
    what: str = "",
    title: str = "",
    announce: Annotated[int, Range(0, 10080)] = 60,
):
    """Plan maintenance.

    start: now, 22:00, tomorrow 22:00, 2026-12-01 22:00, sun 02:00 or daily 02:00, in the server's zone
    duration: How long it lasts, such as 45m or 2h
    what: A monitor, a group or a tag (default: all monitors)
    title: What happens, for others to read
    announce: How many minutes before it begins it is announced in the status channel (default: 60, never: 0)
    """
    from hashlib import sha256

    from watchbell.status import maintenance, plans

    zone = tools.server_settings.of(interaction.guild_id)[server.zone]
    when = maintenance.parse(start, duration, zone, tools.now())
    roster = tools.monitors.roster(interaction.guild_id)
    window = maintenance.Window(when, **covered(what, roster))
    title = clip(title.strip() or what.strip(), 80)
    # The same id in each try, so that a retry after a lost answer plans it once.
    id = sha256(interaction.id.encode()).hexdigest()[:8]
    plan = plans.Plan(id, title, window, announce)

    def decide(before):
        now = tools.now()
        kept = [each for each in before if each.next(now) and each.id != plan.id]
        if len(kept) >= plans.MOST:
            raise UserError(_("This server already has {n} plans, and cannot have more.", n=plans.MOST))
        return [*kept, plan]

    tools.shards.change_plans(interaction.guild_id, decide)
    shown = line(plan, roster, tools.now())
    return Reply(components=[Container(_("Planned."), Separator(), Text(shown), colour=OWN)])


@add.autocomplete
def what(interaction, tools, typed):
    return tools.roster(interaction.guild_id).names


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List what is planned."""
    return listed(interaction, tools)


@command.pager(per_page=6)
def listed(interaction, tools, page):
    now = tools.now()
    found = [plan for plan in tools.shards.plans(interaction.guild_id) if plan.next(now)]
    shown = page.of(sorted(found, key=lambda plan: plan.next(now)))
    if not shown:
        return Reply(_("No maintenance is planned."))
    parts = sections(shown, ask, interaction, tools)
    return Reply(components=[Container(Text("### " + _("Maintenance")), *parts, colour=OWN)])


@command.subcommand
def cancel(interaction, tools, *, plan: str = ""):
    """Cancel maintenance. If it has started, alerts come again.

    plan: Its title (default: choose from a list)
    """
    now, wanted = tools.now(), plan.strip().casefold()
    found = [each for each in tools.shards.plans(interaction.guild_id) if each.next(now)]
    found = [each for each in found if wanted in ("", each.id, each.title.casefold(), each.name.casefold())]
    if wanted and not found:
        raise UserError(_("Nothing is planned with this title. `/maintenance list` shows everything."))
    return asked(found, interaction, tools) if wanted else listed(interaction, tools)


@command.button(updates=True)
def ask(interaction, tools, *, id: str):
    """Ask whether a plan is to be cancelled."""
    return asked([each for each in tools.shards.plans(interaction.guild_id) if each.id == id], interaction, tools)


@command.button(updates=True, audit="maintenance.cancel", lock="maintenance:{guild}")
def stop(interaction, tools, *, id: str):
    """Cancel a plan. If notice of it was given, the status channel hears of that."""
    from watchbell.outbox.maintenance import cancelled_message
    from watchbell.status import plans

    with tools.journal.step("plan") as step:  # a second try no longer finds it
        if step.new:
            step.value = plans.pack(each for each in tools.shards.plans(interaction.guild_id) if each.id == id)
    found = plans.unpack(step.value)
    if not found:
        raise UserError(_("This plan no longer exists."))
    tools.shards.change_plans(interaction.guild_id, lambda before: [each for each in before if each.id != id])
    tools.send_queue.send(cancelled_message(interaction.guild_id, found[0], int(tools.now())))
    text = _("{title} is cancelled.", title=f"**{escape(found[0].name)}**")
    return Reply(components=[Container(text, colour=OWN)])


def asked(found, interaction, tools) -> Reply:
    """The question which of these plans is to be cancelled. Raises UserError if there are none any more."""
    if not found:
        raise UserError(_("This plan no longer exists."))
    head = _("Cancel this maintenance?") if len(found) == 1 else _("Cancel which maintenance?")
    parts = sections(found[:SHOWN], stop, interaction, tools, "danger")
    return Reply(components=[Container(Text("### " + head), *parts, colour=OWN)])


def sections(found, button, interaction, tools, style: str = "secondary") -> list:
    """The plans, each with a button."""
    roster, now = tools.monitors.roster(interaction.guild_id), tools.now()
    return [
        Section(line(plan, roster, now), accessory=button.button(_("Cancel"), style=style, id=plan.id))
        for plan in found
    ]


def covered(what: str, roster) -> dict:
    """What a window covers, for a name that somebody typed. Raises UserError if nothing has that name."""
    if not what.strip():
        return {}
    kind, name = roster.named(what)
    return {f"{kind}s": (name,)}


def line(plan, roster, now: float) -> str:
    """The title of a plan, when it comes next or until when it lasts, how long, how often, and for which monitors."""
    from watchbell.status import maintenance, measures

    found, window = plan.next(now), plan.window
    repeats = ""
    if isinstance(window.when, maintenance.Repeating):
        repeats = _("repeats: {times}", times=f"`{maintenance.written(window.when)}` ({window.when.zone})")
    names = [entry.name for entry in roster.entries if entry.id in window.monitors]
    covered = clip(escape(", ".join([*names, *window.groups, *window.tags])), 300)
    gone = len(window.monitors) - len(names)
    small = [
        _("lasts {time}", time=measures.duration(found.end - found.start)) if found else "",
        repeats,
        covered,
        ngettext("{n} monitor that was removed", "{n} monitors that were removed", gone) if gone else "",
        "" if window.monitors or window.groups or window.tags else _("all monitors"),
        announced(plan, found, now),
    ]
    if found is None:
        begins = _("over")
    elif found.start <= now:
        begins = _("lasts until {time}", time=f"<t:{found.end}:f> (<t:{found.end}:R>)")
    else:
        begins = f"<t:{found.start}:f> (<t:{found.start}:R>)"
    return f"🔧 **{escape(plan.name)}** {begins}\n-# {' · '.join(filter(None, small))}"


def announced(plan, found, now: float) -> str:
    """When notice of the occurrence `found` is given, "" if it is not, or if it has begun."""
    if not plan.announce or found is None or found.start <= now:
        return ""
    if found.start - plan.announce * 60 <= now:
        return _("announced")
    return ngettext("announced {n} minute before", "announced {n} minutes before", plan.announce)
