"""/monitor: what this server watches."""

import secrets
from dataclasses import replace
from uuid import uuid4

from watchbell import (
    N_,
    Command,
    Container,
    FieldError,
    Modal,
    OneOf,
    Option,
    Paragraph,
    Reply,
    Row,
    Section,
    Separator,
    Short,
    StringSelect,
    Text,
    UserError,
    _,
    ngettext,
    permission,
    role,
)
from watchbell.discord.text import clip, escape
from watchbell.kit import catalogue
from watchbell.status.roster import entry_of, host_of
from watchbell.status.states import GLYPHS, OWN

may_change = permission("MANAGE_GUILD") | role("admin")
may_act = permission("MANAGE_GUILD") | role("responder")

command = Command(
    "monitor", "Watch services, and change what is watched", who=may_change, private=True, contexts=("guild",)
)

GUESS = "guess"
OFTEN = [
    Option(N_("1 minute"), "1"),
    Option(N_("5 minutes"), "5"),
    Option(N_("15 minutes"), "15"),
    Option(N_("1 hour"), "60"),
]
KINDS = [Option(N_("Find out from the address"), GUESS), *(Option(name) for name in catalogue.names("checks"))]


AWS = ("cloudwatch_alarm", "aws_event")
FED = ("heartbeat", *AWS)
"""Kinds whose results come from outside. The bot does not ask a target."""


class New(Modal, title="Watch a service"):
    address = Short("Address", most=500, required=False, placeholder="https://shop.example/health")
    kind = OneOf("What kind of check?", KINDS, required=False)
    name = Short("Name", most=60, required=False)
    often = OneOf("How often?", OFTEN, required=False)
    group = Short("Group", most=40, required=False)


class Basics(Modal, title="Change a monitor"):
    address = Short("Address", most=500, required=False)
    name = Short("Name", most=60)
    often = OneOf("How often?", OFTEN, required=False)
    group = Short("Group", most=40, required=False)
    tags = Short("Tags, with commas between them", most=200, required=False)


class Rules(Modal, title="What counts as up"):
    conditions = Paragraph("Conditions, one on each line", most=1500, required=False)
    options = Paragraph("Options of the check, one on each line", most=1500, required=False)
    seconds = Short("Seconds until a check has failed", most=4)


class Judged(Modal, title="When the state changes"):
    failures = Short("Failures in a row until it is down", most=2)
    successes = Short("Successes in a row until it is up", most=2)
    parent = Short("Parent: while it is down, alerts wait", most=60, required=False)
    remind = Short("Hours between reminders (0 is never)", most=3, required=False)


class Secret(Modal, title="Set a secret"):
    name = Short("Name, such as shop-token", most=63)
    value = Short("Value. Nobody can read it again", most=1000, secret=True)


# ---- commands


@command.subcommand(instant=True)
def add(interaction, tools):
    """Watch a service."""
    return new.open()


@command.subcommand
def edit(interaction, tools, *, monitor: str):
    """Change a monitor.

    monitor: Which one
    """
    entry = find(monitor, interaction, tools)
    return card(interaction.guild_id, entry.shard, stored(entry, interaction, tools), tools)


@command.subcommand
def show(interaction, tools, *, monitor: str):
    """Show a monitor, and how it is checked.

    monitor: Which one
    """
    return edit(interaction, tools, monitor=monitor)


@command.subcommand
def remove(interaction, tools, *, monitor: str):
    """Stop watching a service.

    monitor: Which one
    """
    return ask_to_remove(find(monitor, interaction, tools))


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List what this server watches."""
    return listed(interaction, tools)


@command.subcommand(who=may_act, audit="monitor.pause", lock="monitors:{guild}")
def pause(interaction, tools, *, monitor: str):
    """Stop checking a monitor for now.

    monitor: Which one
    """
    return pausing(find(monitor, interaction, tools), True, interaction, tools)


@command.subcommand(who=may_act, audit="monitor.resume", lock="monitors:{guild}")
def resume(interaction, tools, *, monitor: str):
    """Check a paused monitor again.

    monitor: Which one
    """
    return pausing(find(monitor, interaction, tools), False, interaction, tools)


@command.subcommand(who=may_act, cooldown=10)
def test(interaction, tools, *, monitor: str):
    """Check a monitor now, and show what I see. This changes nothing.

    monitor: Which one
    """
    entry = find(monitor, interaction, tools)
    return tested(interaction.guild_id, stored(entry, interaction, tools), tools)


@command.subcommand(name="test-alert", who=may_act, cooldown=10)
def test_alert(interaction, tools, *, monitor: str):
    """Post an alert as if a monitor were down, marked as a test.

    monitor: Which one
    """
    from watchbell.kit import server
    from watchbell.outbox import alerts

    entry = find(monitor, interaction, tools)
    channel = tools.server_settings.of(interaction.guild_id)[server.status_channel]
    if not channel:
        raise UserError(_("No status channel is chosen, so alerts have nowhere to go. Choose one with /setup."))
    tools.send_queue.send(
        {
            "kind": "test-alert",
            "guild": interaction.guild_id,
            "shard": entry.shard,
            "monitor": entry.id,
            "id": interaction.id,
            "at": int(tools.now()),
        }
    )
    text = _("A test alert is on its way to {channel}.", channel=f"<#{channel}>")
    return Reply("\n".join([text, *alerts.troubles(interaction.guild_id, tools)]))


for handler in (edit, show, remove, pause, resume, test, test_alert):

    @handler.autocomplete(option="monitor")
    def names(interaction, tools, typed):
        return [entry.name for entry in tools.roster(interaction.guild_id).entries]


# ---- buttons and forms


@command.button(instant=True)
def another(interaction, tools):
    return new.open()


@command.button
def open_card(interaction, tools, *, shard: str, id: str):
    return card(interaction.guild_id, shard, there(shard, id, interaction, tools), tools)


@command.pager(per_page=6)
def listed(interaction, tools, page):
    """The monitors with their states, six on a page."""
    from watchbell.commands import status
    from watchbell.outbox import alerts
    from watchbell.status import board

    lines = status.lines(interaction.guild_id, tools.monitors.roster(interaction.guild_id).entries, tools)
    shown = page.of(board.ranked(lines))
    if not shown:
        first = Row(another.button(_("Add a monitor"), style="primary"))
        return Reply(components=[Container(_("Nothing is watched in this server yet."), first, colour=OWN)])
    first = (page.number - 1) * page.per_page + 1
    head = _("{first} to {last} of {total}", first=first, last=first + len(shown) - 1, total=len(lines))
    sections = [
        Section(
            f"{line.text()}\n-# {small(line.entry)}",
            accessory=open_card.button(_("Show"), shard=line.entry.shard, id=line.entry.id),
        )
        for line in shown
    ]
    return Reply(
        components=[
            Container(
                Text("### " + _("Monitors")),
                Text("-# " + head),
                *map(Text, alerts.troubles(interaction.guild_id, tools)),
                Separator(),
                *sections,
                Separator(),
                Row(another.button(_("Add a monitor"), style="primary")),
                colour=OWN,
            )
        ]
    )


@command.modal(instant=False, audit="monitor.add", lock="monitors:{guild}")
def new(interaction, tools, form: New):
    """Store a new monitor. Only the address is needed, and a heartbeat needs none."""
    from watchbell.status.monitor import Monitor, Policy

    kind = "" if form.kind in (None, GUESS) else form.kind
    if not form.address.strip() and kind != "heartbeat":
        raise FieldError("address", _("write the address to check, such as `https://shop.example/health`."))
    with tools.journal.step("names") as step:  # a second try of this interaction must not add a second monitor
        if step.new:
            step.value = {"id": new_id(), "ping": str(uuid4())}
    id, ping = step.value["id"], step.value["ping"]
    wanted = Monitor(id, form.name.strip(), kind, form.address.strip(), int(form.often or 5), form.group.strip())
    if kind == "heartbeat":
        wanted = replace(wanted, options={"ping": ping})
    wanted = replace(wanted, private=may_be_private(interaction, tools))
    if kind in FED:  # what is told is not a sample, so one result is enough
        wanted = replace(wanted, policy=Policy(1, 1))
    defined = define(wanted, "address", tools)
    defined = replace(defined, name=defined.name or name_of(defined))
    shard, monitor = put(defined, interaction, tools)
    return card(interaction.guild_id, shard, monitor, tools, _("I am watching it now."))


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def basics(interaction, tools, form: Basics, *, shard: str, id: str):
    before = there(shard, id, interaction, tools)
    tags = tuple(dict.fromkeys(tag.strip() for tag in form.tags.split(",") if tag.strip()))
    if len(tags) > 10 or any(len(tag) > 40 for tag in tags):
        raise FieldError("tags", _("at most 10 tags, each of at most 40 characters."))
    changed = replace(
        before,
        target=form.address.strip(),
        name=form.name.strip(),
        every=int(form.often or before.every),
        group=form.group.strip(),
        tags=tags,
        private=may_be_private(interaction, tools),
    )
    return change(before, define(changed, "address", tools), shard, interaction, tools)


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def rules(interaction, tools, form: Rules, *, shard: str, id: str):
    before = there(shard, id, interaction, tools)
    conditions = tuple(line.strip() for line in form.conditions.splitlines() if line.strip())
    define(replace(before, conditions=conditions), "conditions", tools)
    options = dict(option(line) for line in form.options.splitlines() if line.strip())
    ours = {name: value for name, value in before.options.items() if name == "ping"}
    changed = replace(
        before,
        conditions=conditions,
        options={**options, **ours},
        seconds=number(form.seconds, "seconds", 1, 10),
    )
    return change(before, define(changed, "options", tools), shard, interaction, tools)


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def judged(interaction, tools, form: Judged, *, shard: str, id: str):
    from watchbell.status.monitor import Policy

    before = there(shard, id, interaction, tools)
    policy = Policy(
        int(number(form.failures, "failures", 1, 10)),
        int(number(form.successes, "successes", 1, 10)),
    )
    after = replace(
        before,
        policy=policy,
        parent=parent(form.parent, id, interaction, tools),
        remind=int(number(form.remind or "0", "remind", 0, 168)),
    )
    return change(before, after, shard, interaction, tools)


@command.button(updates=True, audit="monitor.remove", lock="monitors:{guild}")
def really_remove(interaction, tools, *, shard: str, id: str):
    from watchbell.adapters.monitors import Change

    monitor = there(shard, id, interaction, tools)
    name, ping = f"**{escape(monitor.name)}**", monitor.options.get("ping", "")
    tools.monitors.change(
        interaction.guild_id, lambda roster: Change(roster.without(id), delete=(shard, id), gone=ping)
    )
    return Reply(components=[Container(_("{name} is no longer watched.", name=name), colour=OWN)])


@command.button(updates=True, audit="monitor.rotate", lock="monitors:{guild}")
def rotate(interaction, tools, *, shard: str, id: str):
    """Give a heartbeat a new URL. The old one stops working."""
    from watchbell.adapters.monitors import Change

    before = there(shard, id, interaction, tools)
    after = replace(before, options={**before.options, "ping": str(uuid4())})
    old, new = before.options["ping"], after.options["ping"]
    tools.monitors.change(
        interaction.guild_id,
        lambda roster: Change(roster.with_(entry_of(after, shard)), put=(shard, after), ping=new, gone=old),
    )
    return card(interaction.guild_id, shard, after, tools, _("The old URL no longer works."))


@command.button(updates=True)
def keep(interaction, tools, *, shard: str, id: str):
    return card(interaction.guild_id, shard, there(shard, id, interaction, tools), tools)


@command.button(updates=True)
def leave(interaction, tools, *, shard: str, id: str):
    """Ask whether to remove the monitor."""
    return ask_to_remove(find(id, interaction, tools))


@command.modal(instant=False, updates=True, audit="monitor.secret", lock="monitors:{guild}")
def set_secret(interaction, tools, form: Secret, *, shard: str, id: str):
    """Set a secret for the host of this monitor."""
    from watchbell.status import secret

    monitor = there(shard, id, interaction, tools)
    name, host, hosts = form.name.strip().lower(), host_of(monitor), tools.secrets(interaction.guild_id)
    if not secret.is_name(name):
        raise FieldError("name", _("a name has small letters, digits, `_` and `-`, such as `shop-token`."))
    if not secret.is_value(form.value):
        raise FieldError("value", _("only letters, digits, spaces and signs of ASCII."))
    if name not in hosts and len(hosts) >= secret.MOST:
        raise FieldError("", _("this server already has {n} secrets, and cannot have more.", n=secret.MOST))
    if hosts.get(name, host) != host:
        raise FieldError("name", _("this secret is for {host}. Delete it first.", host=f"`{hosts[name]}`"))
    tools.set_secret(interaction.guild_id, name, host, form.value)
    text = _("Set. Write {text} in a header, in the body or in the query.", text=f"`{{{{secret:{name}}}}}`")
    return card(interaction.guild_id, shard, monitor, tools, text)


@command.select(updates=True)
def choose_secret(interaction, tools, *, shard: str, id: str):
    """Ask whether the chosen secret is to be deleted."""
    (name,) = interaction.values
    text = _("Delete the secret {name}? Monitors that use it are not measured then.", name=f"`{name}`")
    delete = delete_secret.button(_("Delete"), style="danger", shard=shard, id=id, name=name)
    return Reply(
        components=[Container(Text(text), Row(delete, keep.button(_("Keep"), shard=shard, id=id)), colour=OWN)]
    )


@command.button(updates=True, audit="monitor.secret.delete", lock="monitors:{guild}")
def delete_secret(interaction, tools, *, shard: str, id: str, name: str):
    tools.delete_secret(interaction.guild_id, name)
    monitor = there(shard, id, interaction, tools)
    return card(interaction.guild_id, shard, monitor, tools, _("The secret {name} is deleted.", name=f"`{name}`"))


# ---- what is shown


def card(guild_id: str, shard: str, monitor, tools, notice: str = "") -> Reply:
    """A monitor: how it is, how it is checked, and the forms that change it."""
    from watchbell.commands import status

    entry = entry_of(monitor, shard)
    (line,) = status.lines(guild_id, [entry], tools)
    check = catalogue.check(monitor.kind)
    url = tools.settings.get("PING_URL", "") + monitor.options["ping"] if is_pinged(monitor) else ""
    state = {"shard": shard, "id": monitor.id}
    can_have_secrets = check is not None and check.secrets
    secrets = tools.secrets(guild_id) if can_have_secrets else {}
    lines = [
        "**" + _("Address") + f"** {escape(monitor.target)}" if monitor.target else "",
        "**" + _("Check") + f"** {_(check.label) if check else monitor.kind}, {often(monitor.every)}",
        "**" + _("URL") + f"** `{url}`" if url else "",
        "**" + _("Group") + f"** {escape(monitor.group)}" if monitor.group else "",
        "**" + _("Tags") + f"** {escape(', '.join(monitor.tags))}" if monitor.tags else "",
        *(f"`{condition}`" for condition in monitor.conditions),
        f"-# {policy(monitor)}",
        *secret_lines(monitor, secrets),
    ]
    options = "\n".join(f"{name}: {value}" for name, value in monitor.options.items() if name != "ping")
    return Reply(
        components=[
            Container(
                Text("### " + clip(escape(monitor.name), 80)),
                Text("\n".join(filter(None, [notice, line.text()]))),
                Separator(),
                Text("\n".join(filter(None, lines))),
                Separator(),
                Row(
                    basics.button(
                        _("Change"),
                        style="primary",
                        address=monitor.target,
                        name=monitor.name,
                        often=str(monitor.every),
                        group=monitor.group,
                        tags=", ".join(monitor.tags),
                        **state,
                    ),
                    rules.button(
                        _("What counts as up"),
                        conditions="\n".join(monitor.conditions),
                        options=options,
                        seconds=f"{monitor.seconds:g}",
                        **state,
                    ),
                    judged.button(
                        _("When it changes"),
                        failures=str(monitor.policy.failures),
                        successes=str(monitor.policy.successes),
                        parent=name_in(tools.monitors.roster(guild_id), monitor.parent),
                        remind=str(monitor.remind),
                        **state,
                    ),
                    *([rotate.button(_("New URL"), **state)] if is_pinged(monitor) else []),
                    *([set_secret.button(_("Secrets"), **state)] if can_have_secrets else []),
                    leave.button(_("Remove"), **state),
                ),
                *([Row(secret_select(secrets, state))] if secrets else []),
                colour=OWN,
            )
        ]
    )


def secret_lines(monitor, hosts: dict) -> list[str]:
    """The names of the server's secrets, and those that the monitor wants and does not get."""
    from watchbell.status import secret

    host = host_of(monitor)
    names = ", ".join(f"`{name}`" for name in hosts)
    lines = ["**" + _("Secrets of this server") + f"** {names}"] if hosts else []
    for name in secret.missing(monitor, host, hosts):
        named = {"name": f"`{name}`", "host": f"`{host}`"}
        if name in hosts:
            lines.append(_("⚠️ The secret {name} belongs to another host, so {host} does not get it.", **named))
        else:
            lines.append(_("⚠️ There is no secret {name}. Set it with **Secrets**.", **named))
    return lines


def secret_select(hosts: dict, state: dict):
    options = [Option(name, name, description=host[:100]) for name, host in hosts.items()]
    return choose_secret.select(StringSelect(options, placeholder=_("Delete a secret")), **state)


def ask_to_remove(entry) -> Reply:
    name = f"**{escape(entry.name)}**"
    text = _("Stop watching {name}? Its history will no longer be shown.", name=name)
    return Reply(
        components=[
            Container(
                Text(text),
                Row(
                    really_remove.button(_("Remove"), style="danger", shard=entry.shard, id=entry.id),
                    keep.button(_("Keep"), shard=entry.shard, id=entry.id),
                ),
                colour=OWN,
            )
        ]
    )


def tested(guild_id: str, monitor, tools) -> Reply:
    """What a check sees now."""
    from watchbell.status import figures, measures

    check = catalogue.check(monitor.kind)
    if check is None or not check.runs:
        raise UserError(_("There is nothing to test: this monitor waits for what others send."))
    facts = tools.check(guild_id, [monitor])[monitor.id]
    name = f"**{escape(monitor.name)}**"
    lines = [f"{GLYPHS[facts.outcome]} {name}"]
    if facts.reason is not None:
        lines.append(_("It {why}.", why=figures.reason(facts.reason)))
    if facts.latency_ms is not None:
        lines.append(_("It answered after {time}.", time=measures.latency(facts.latency_ms)))
    return Reply("\n".join(lines)[:2000])


def is_pinged(monitor) -> bool:
    return "ping" in monitor.options


def small(entry) -> str:
    parts = [clip(escape(entry.group), 40)] if entry.group else []
    return " · ".join([*parts, entry.kind, often(entry.every)])


def often(minutes: int) -> str:
    return _("every hour") if minutes == 60 else ngettext("every minute", "every {n} minutes", minutes)


def policy(monitor) -> str:
    failures = ngettext("down after {n} failure", "down after {n} failures in a row", monitor.policy.failures)
    successes = ngettext("up after {n} success", "up after {n} successes in a row", monitor.policy.successes)
    reminders = [ngettext("reminder every hour", "reminder every {n} hours", monitor.remind)] if monitor.remind else []
    return " · ".join([failures, successes, *reminders])


# ---- what is changed


def find(name: str, interaction, tools):
    """The entry of the monitor with this name. Raises UserError, which offers similar names, if there is none."""
    from difflib import get_close_matches

    roster = tools.monitors.roster(interaction.guild_id)
    entry = roster.find(name)
    if entry is not None:
        return entry
    if not roster.entries:
        raise UserError(_("Nothing is watched in this server yet. Add a monitor with `/monitor add`."))
    near = get_close_matches(name, [each.name for each in roster.entries], n=3, cutoff=0.5)
    if near:
        raise UserError(_("There is no monitor with this name. Did you mean {names}?", names=escape(", ".join(near))))
    raise UserError(_("There is no monitor with this name. `/monitor list` shows them all."))


def stored(entry, interaction, tools):
    return there(entry.shard, entry.id, interaction, tools)


def there(shard: str, id: str, interaction, tools):
    """The monitor as it is stored. Raises UserError if it has been removed."""
    monitor = tools.monitors.get(interaction.guild_id, shard, id)
    if monitor is None:
        raise UserError(_("This monitor has been removed."))
    return monitor


def define(monitor, field: str, tools):
    """The monitor in its normal form. Raises FieldError for `field` if it cannot be checked."""
    try:
        return tools.define(monitor)
    except UserError as error:
        raise FieldError(field, str(error)) from None


def may_be_private(interaction, tools) -> bool:
    """Whether the operator allows private addresses in this server."""
    return bool(tools.monitors.limits(interaction.guild_id).private)


def put(monitor, interaction, tools):
    """Store a new monitor, and return its shard and the monitor."""
    from watchbell.adapters.monitors import Change
    from watchbell.status import shard

    limits = tools.monitors.limits(interaction.guild_id)

    def decide(roster):
        added = next((entry for entry in roster.entries if entry.id == monitor.id), None)  # by an earlier try
        if added is None and len(roster.entries) >= limits.monitors:
            text = _("This server already has {n} monitors, and cannot have more.", n=limits.monitors)
            raise FieldError("", text)
        fits(monitor, roster, limits)
        name = added.shard if added else f"{shard.joined(roster.sizes):02}"
        return Change(roster.with_(entry_of(monitor, name)), put=(name, monitor), ping=monitor.options.get("ping", ""))

    change = store(decide, interaction, tools)
    return change.put


def change(before, after, shard: str, interaction, tools) -> Reply:
    """Store a changed monitor, and show it. If something else is measured now, it is new again."""
    from watchbell.adapters.monitors import Change

    limits = tools.monitors.limits(interaction.guild_id)

    def decide(roster):
        if not any(entry.id == after.id for entry in roster.entries):
            raise UserError(_("This monitor has been removed."))
        fits(after, roster, limits)
        return Change(roster.with_(entry_of(after, shard)), put=(shard, after))

    store(decide, interaction, tools)
    measured = ("target", "conditions", "options")
    if any(getattr(before, name) != getattr(after, name) for name in measured):
        tools.shards.restart(interaction.guild_id, shard, after.id)
    return card(interaction.guild_id, shard, after, tools, _("Saved."))


def store(decide, interaction, tools):
    from watchbell.adapters.monitors import TooMany

    try:
        return tools.monitors.change(interaction.guild_id, decide)
    except TooMany as error:
        if error.host:
            text = _("Too many monitors watch {host} already, so I cannot add another one.", host=f"`{error.host}`")
        else:
            text = _("This bot cannot have more monitors. Ask the person who runs it.")
        raise FieldError("", text) from None


def fits(monitor, roster, limits) -> None:
    """Raise FieldError if the server may not have the monitor as it is now."""
    if monitor.kind in AWS and not limits.aws:
        raise FieldError("kind", _("this server may not follow what happens on AWS. Ask the person who runs the bot."))
    if monitor.every < limits.every:
        text = ngettext(
            "in this server, a monitor is checked at most once every minute.",
            "in this server, a monitor is checked at most once every {n} minutes.",
            limits.every,
        )
        raise FieldError("often", text)
    same = roster.find(monitor.name)
    if same is not None and same.id != monitor.id:
        raise FieldError("name", _("another monitor has this name."))


def pausing(entry, paused: bool, interaction, tools) -> Reply:
    from watchbell.adapters.monitors import Change

    monitor = replace(stored(entry, interaction, tools), paused=paused)
    tools.monitors.change(
        interaction.guild_id,
        lambda roster: Change(roster.with_(entry_of(monitor, entry.shard)), put=(entry.shard, monitor)),
    )
    name = f"**{escape(entry.name)}**"
    if paused:
        tools.shards.restart(interaction.guild_id, entry.shard, entry.id)
        return Reply(_("⏸️ {name} is paused. Resume it with `/monitor resume`.", name=name))
    return Reply(_("{name} is checked again.", name=name))


def parent(name: str, id: str, interaction, tools) -> str:
    """The id of the parent with this name, "" for none. Raises FieldError if it cannot be the parent."""
    if not name.strip():
        return ""
    found = tools.monitors.roster(interaction.guild_id).find(name)
    if found is None:
        raise FieldError("parent", _("there is no monitor with this name."))
    if found.id == id:
        raise FieldError("parent", _("a monitor cannot be its own parent."))
    return found.id


def name_in(roster, id: str) -> str:
    return next((entry.name for entry in roster.entries if entry.id == id), "")


def name_of(monitor) -> str:
    """The name of a monitor if nobody has written one: its host, its address, or its kind."""
    return (host_of(monitor) or monitor.target or monitor.kind)[:60]


def new_id() -> str:
    """8 letters and digits. Two monitors of a server have the same id about once in 10^10 times."""
    return "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _place in range(8))


def option(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise FieldError("options", _("write each option as `name: value`, on a line of its own."))
    return name.strip(), value.strip()


def number(text: str, field: str, least: float, most: float) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise FieldError(field, _("write a number from {least} to {most}.", least=least, most=most))
    return value
