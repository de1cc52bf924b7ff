"""/monitor: what this server watches."""

from dataclasses import replace

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
    permission,
    role,
)
from watchbell.discord.text import clip, escape
from watchbell.kit import catalogue
from watchbell.status.roster import FED, entry_of
from watchbell.status.states import OWN

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
KINDS = [
    Option(N_("Find out from the address"), GUESS),
    *(Option(catalogue.label(kind), kind) for kind in catalogue.names("checks")),
]


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
    options = Paragraph("Options of the check, one on each line", most=4000, required=False)
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
    from watchbell.tools import watching

    entry = watching.find(monitor, interaction.guild_id, tools)
    return card(interaction.guild_id, entry.shard, there(entry.shard, entry.id, interaction, tools), tools)


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
    from watchbell.tools import watching

    return ask_to_remove(watching.find(monitor, interaction.guild_id, tools))


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List what this server watches."""
    return listed(interaction, tools)


@command.subcommand(who=may_act, audit="monitor.pause", lock="monitors:{guild}")
def pause(interaction, tools, *, monitor: str):
    """Stop checking a monitor for now.

    monitor: Which one
    """
    from watchbell.tools import watching

    entry = watching.find(monitor, interaction.guild_id, tools)
    halt(entry, True, interaction, tools)
    name = f"**{escape(entry.name)}**"
    return Reply(_("⏸️ {name} is paused. Resume it with `/monitor resume`.", name=name))


@command.subcommand(who=may_act, audit="monitor.resume", lock="monitors:{guild}")
def resume(interaction, tools, *, monitor: str):
    """Check a paused monitor again.

    monitor: Which one
    """
    from watchbell.tools import watching

    entry = watching.find(monitor, interaction.guild_id, tools)
    halt(entry, False, interaction, tools)
    return Reply(_("{name} is checked again.", name=f"**{escape(entry.name)}**"))


@command.subcommand(who=may_act, cooldown=10)
def test(interaction, tools, *, monitor: str):
    """Check a monitor now, and show what I see. This changes nothing.

    monitor: Which one
    """
    from watchbell.status import card as page
    from watchbell.tools import watching

    entry = watching.find(monitor, interaction.guild_id, tools)
    check = catalogue.check(entry.kind)
    if check is None or not check.runs:
        raise UserError(_("There is nothing to test: this monitor waits for what others send."))
    stored = watching.stored(entry.shard, entry.id, interaction.guild_id, tools)
    return Reply(page.tested(entry.name, tools.check(interaction.guild_id, [stored])[entry.id]))


@command.subcommand(name="test-alert", who=may_act, cooldown=10)
def test_alert(interaction, tools, *, monitor: str):
    """Post an alert as if a monitor were down, marked as a test.

    monitor: Which one
    """
    from watchbell.commands import subscribe
    from watchbell.kit import server
    from watchbell.outbox import editions, posting
    from watchbell.tools import watching

    entry = watching.find(monitor, interaction.guild_id, tools)
    channel = tools.server_settings.of(interaction.guild_id)[server.status_channel]
    if not channel:
        raise UserError(_("No status channel is chosen, so alerts have nowhere to go. Choose one with /setup."))
    subscribe.require_place(channel, tools)
    editions.put(interaction.guild_id, editions.test_edition(interaction.id, entry, int(tools.now())), tools)
    text = _("A test alert is on its way to {channel}.", channel=f"<#{channel}>")
    return Reply("\n".join([text, *posting.troubles(interaction.guild_id, tools)]))


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
    from watchbell.outbox import posting
    from watchbell.status import board, card
    from watchbell.tools import reading

    entries = tools.monitors.roster(interaction.guild_id).entries
    lines = reading.lines(interaction.guild_id, entries, tools)
    shown = page.of(board.ranked(lines))
    if not shown:
        first = Row(another.button(_("Add a monitor"), style="primary"))
        return Reply(components=[Container(_("Nothing is watched in this server yet."), first, colour=OWN)])
    first = (page.number - 1) * page.per_page + 1
    head = _("{first} to {last} of {total}", first=first, last=first + len(shown) - 1, total=len(lines))
    sections = [
        Section(
            f"{line.text()}\n-# {card.small(line.entry, _(catalogue.label(line.entry.kind)))}",
            accessory=open_card.button(_("Show"), shard=line.entry.shard, id=line.entry.id),
        )
        for line in shown
    ]
    return Reply(
        components=[
            Container(
                Text("### " + _("Monitors")),
                Text("-# " + head),
                *map(Text, posting.unheard(interaction.guild_id, entries, tools)),
                *map(Text, posting.troubles(interaction.guild_id, tools)),
                Separator(),
                *sections,
                Separator(),
                page.row(another.button(_("Add a monitor"), style="primary")),
                colour=OWN,
            )
        ]
    )


@command.modal(instant=False, audit="monitor.add", lock="monitors:{guild}")
def new(interaction, tools, form: New):
    """Store a new monitor. Only the address is needed, and a heartbeat needs none."""
    from uuid import uuid4

    from watchbell.outbox import posting
    from watchbell.status.monitor import Monitor, Policy
    from watchbell.tools import watching

    kind = "" if form.kind in (None, GUESS) else form.kind
    if not form.address.strip() and kind != "heartbeat":
        raise FieldError("address", _("write the address to check, such as `https://shop.example/health`."))
    with tools.journal.step("names") as step:  # a second try of this interaction must not add a second monitor
        if step.new:
            step.value = {"id": watching.new_id(), "ping": str(uuid4())}
    id, ping = step.value["id"], step.value["ping"]
    wanted = Monitor(id, form.name.strip(), kind, form.address.strip(), int(form.often or 5), form.group.strip())
    if kind == "heartbeat":
        wanted = replace(wanted, options={"ping": ping})
    wanted = replace(wanted, private=watching.may_be_private(interaction.guild_id, tools))
    if kind in FED:  # what is told is not a sample, so one result is enough
        wanted = replace(wanted, policy=Policy(1, 1))
    defined = watching.define(wanted, "address", tools)
    defined = replace(defined, name=defined.name or watching.name_of(defined))
    shard, monitor = watching.add(defined, interaction.guild_id, tools)
    unheard = posting.unheard(interaction.guild_id, [entry_of(monitor, shard)], tools)
    return card(interaction.guild_id, shard, monitor, tools, "\n".join([_("I am watching it now."), *unheard]))


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def basics(interaction, tools, form: Basics, *, shard: str, id: str):
    from watchbell.status import typed
    from watchbell.tools import watching

    before = there(shard, id, interaction, tools)
    changed = replace(
        before,
        target=form.address.strip(),
        name=form.name.strip(),
        every=int(form.often or before.every),
        group=form.group.strip(),
        tags=typed.tags(form.tags),
        private=watching.may_be_private(interaction.guild_id, tools),
    )
    return saved(before, watching.define(changed, "address", tools), shard, interaction, tools)


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def rules(interaction, tools, form: Rules, *, shard: str, id: str):
    from watchbell.status import typed
    from watchbell.tools import watching

    before = there(shard, id, interaction, tools)
    conditions = typed.conditions(form.conditions)
    watching.define(replace(before, conditions=conditions), "conditions", tools)
    changed = replace(
        before,
        conditions=conditions,
        options=watching.typed_options(form.options, before),
        seconds=typed.number(form.seconds, "seconds", 1, 10),
    )
    return saved(before, watching.define(changed, "options", tools), shard, interaction, tools)


@command.modal(instant=False, updates=True, audit="monitor.edit", lock="monitors:{guild}")
def judged(interaction, tools, form: Judged, *, shard: str, id: str):
    from watchbell.status import typed
    from watchbell.status.monitor import Policy
    from watchbell.tools import watching

    before = there(shard, id, interaction, tools)
    policy = Policy(
        int(typed.number(form.failures, "failures", 1, 10)),
        int(typed.number(form.successes, "successes", 1, 10)),
    )
    after = replace(
        before,
        policy=policy,
        parent=watching.parent(form.parent, id, interaction.guild_id, tools),
        remind=int(typed.number(form.remind or "0", "remind", 0, 168)),
    )
    return saved(before, after, shard, interaction, tools)


@command.button(updates=True, audit="monitor.remove", lock="monitors:{guild}")
def really_remove(interaction, tools, *, shard: str, id: str):
    from watchbell.outbox import editions
    from watchbell.tools import watching

    monitor = there(shard, id, interaction, tools)
    # Later, nobody knows that the monitor was there: a second try would not say that it is gone.
    editions.put(interaction.guild_id, editions.gone_edition(id, int(tools.now())), tools)
    watching.remove(monitor, shard, interaction.guild_id, tools)
    name = f"**{escape(monitor.name)}**"
    return Reply(components=[Container(_("{name} is no longer watched.", name=name), colour=OWN)])


@command.button(updates=True, audit="monitor.rotate", lock="monitors:{guild}")
def rotate(interaction, tools, *, shard: str, id: str):
    """Give a heartbeat a new URL. The old one stops working."""
    from watchbell.tools import watching

    after = watching.rotate(there(shard, id, interaction, tools), shard, interaction.guild_id, tools)
    return card(interaction.guild_id, shard, after, tools, _("The old URL no longer works."))


@command.button(updates=True)
def keep(interaction, tools, *, shard: str, id: str):
    return card(interaction.guild_id, shard, there(shard, id, interaction, tools), tools)


@command.button(updates=True)
def leave(interaction, tools, *, shard: str, id: str):
    """Ask whether to remove the monitor."""
    from watchbell.tools import watching

    return ask_to_remove(watching.find(id, interaction.guild_id, tools))


@command.modal(instant=False, updates=True, audit="monitor.secret", lock="monitors:{guild}")
def set_secret(interaction, tools, form: Secret, *, shard: str, id: str):
    """Set a secret for the host of this monitor."""
    from watchbell.tools import watching

    monitor, name = there(shard, id, interaction, tools), form.name.strip().lower()
    watching.set_secret(name, form.value, monitor, interaction.guild_id, tools)
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
    from watchbell.status import card as page
    from watchbell.tools import reading, watching

    entry = entry_of(monitor, shard)
    (line,) = reading.lines(guild_id, [entry], tools)
    check = catalogue.check(monitor.kind)
    ping = monitor.options.get("ping")
    url = tools.settings.get("PING_URL", "") + ping if ping else ""
    state = {"shard": shard, "id": monitor.id}
    can_have_secrets = check is not None and check.secrets
    secrets = tools.secrets(guild_id) if can_have_secrets else {}
    label = _(catalogue.label(monitor.kind))
    hosts = [Option(name, name, description=host[:100]) for name, host in secrets.items()]
    return Reply(
        components=[
            Container(
                Text("### " + clip(escape(monitor.name), 80)),
                Text("\n".join(filter(None, [notice, line.text()]))),
                Separator(),
                Text(page.definition(monitor, label, url, watching.described(monitor, tools), secrets)),
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
                        options=watching.option_lines(monitor),
                        seconds=f"{monitor.seconds:g}",
                        **state,
                    ),
                    judged.button(
                        _("When it changes"),
                        failures=str(monitor.policy.failures),
                        successes=str(monitor.policy.successes),
                        parent=watching.name_in(tools.monitors.roster(guild_id), monitor.parent),
                        remind=str(monitor.remind),
                        **state,
                    ),
                    *([rotate.button(_("New URL"), **state)] if ping else []),
                    *([set_secret.button(_("Secrets"), **state)] if can_have_secrets else []),
                    leave.button(_("Remove"), **state),
                ),
                *(
                    [Row(choose_secret.select(StringSelect(hosts, placeholder=_("Delete a secret")), **state))]
                    if hosts
                    else []
                ),
                colour=OWN,
            )
        ]
    )


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


# ---- what is read and stored


def there(shard: str, id: str, interaction, tools):
    """The monitor as it is stored. Raises UserError if it has been removed."""
    from watchbell.tools import watching

    return watching.stored(shard, id, interaction.guild_id, tools)


def halt(entry, paused: bool, interaction, tools) -> None:
    """Pause a monitor, or resume it, and say so in its alerts."""
    from watchbell.outbox import editions
    from watchbell.tools import watching

    watching.pause(entry, paused, interaction.guild_id, tools)
    edition = editions.paused_edition(interaction.id, entry.id, paused, int(tools.now()))
    editions.put(interaction.guild_id, edition, tools)


def saved(before, after, shard: str, interaction, tools) -> Reply:
    """Store a changed monitor, and show it."""
    from watchbell.tools import watching

    watching.change(before, after, shard, interaction.guild_id, tools)
    return card(interaction.guild_id, shard, after, tools, _("Saved."))
