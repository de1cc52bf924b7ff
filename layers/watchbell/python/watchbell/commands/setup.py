"""/setup: the settings of a server, what the bot may not do in its channels, and a guide for beginners."""

from watchbell import (
    ChannelSelect,
    Command,
    Embed,
    Modal,
    Option,
    Reply,
    RoleSelect,
    Short,
    StringSelect,
    UserError,
    _,
    ngettext,
    permission,
)
from watchbell.commands.notifications import Quiet, hours
from watchbell.discord.components import Select
from watchbell.discord.text import clip
from watchbell.kit import catalogue, server, zones
from watchbell.kit.setting import MOST_ROLES, Setting
from watchbell.kit.values import CHANNELS, OFFERED, choices, chosen, shown, stored, time_zone
from watchbell.outbox.kinds import TIMED
from watchbell.status.states import OWN

command = Command(
    "setup",
    "Choose the settings of this server, and see what I may not do here",
    who=permission("MANAGE_GUILD"),
    private=True,
    contexts=("guild",),
)

SHOWN = 25
"""Discord: a select has at most 25 options, and an embed at most 25 fields."""


class Value(Modal, title="Change a setting"):
    text = Short("New value", most=64)


@command.run
def setup(interaction, tools, *, zone: str = ""):
    """Show all settings, or change the time zone.

    zone: The time zone of this server, such as Europe/Berlin
    """
    if not zone:
        return panel(interaction, tools)
    setting = changeable(server.zone.name, interaction, tools)
    return offer(zone, setting, tools.server_settings.of(interaction.guild_id)[setting])


@setup.autocomplete(option="zone")
def suggested(interaction, typed):
    return [(name, name) for name in zones.near(typed)]


@command.button(expires=None)
def start(interaction, tools):
    """Guide the person who presses a button that everybody sees."""
    return guided(1, interaction, tools)


@command.button(updates=True)
def guide(interaction, tools, *, step: int):
    return guided(step, interaction, tools)


@command.button(updates=True)
def back(interaction, tools, *, page: int = 1):
    return panel(interaction, tools, page=page)


@command.select(updates=True)
def pick(interaction, tools):
    """Show how to change the setting that was chosen."""
    setting = changeable("".join(interaction.values[:1]), interaction, tools)
    return editor(setting, tools.server_settings.of(interaction.guild_id)[setting])


@command.select(updates=True, audit="settings.change")
def choose(interaction, tools, *, name: str):
    """Store what was chosen in the select of a setting."""
    setting = changeable(name, interaction, tools)
    return store(setting, chosen(setting, interaction.values), interaction, tools)


@command.modal(updates=True, audit="settings.change")
def enter(interaction, tools, form: Value, *, name: str):
    """Store what was typed into the form of a setting."""
    setting = changeable(name, interaction, tools)
    return store(setting, time_zone(form.text), interaction, tools)


@command.button(updates=True, audit="settings.change")
def take(interaction, tools, *, name: str, zone: str):
    """Store the time zone that was offered."""
    return store(changeable(name, interaction, tools), zone, interaction, tools)


@command.button(updates=True, audit="settings.change")
def reset(interaction, tools, *, name: str):
    return store(changeable(name, interaction, tools), None, interaction, tools)


@command.button(cooldown=5)
def test(interaction, tools, *, name: str):
    """Post a message in the channel that a setting names."""
    from watchbell.commands import subscribe

    setting = changeable(name, interaction, tools)
    channel = tools.server_settings.of(interaction.guild_id)[setting]
    if not channel:
        raise UserError(_("No channel is chosen. Choose one first."))
    subscribe.require_place(channel, tools)
    test = Reply(embeds=[Embed(_("It works"), _("This is a test. I can post here."), colour=0x57F287)])
    begun = int(tools.now())
    sent = tools.discord.send(channel, test, nonce=f"setup {interaction.id}")
    tools.shards.accepted(interaction.guild_id, f"channel:{channel}", begun)
    link = f"https://discord.com/channels/{interaction.guild_id}/{channel}/{sent.get('id', '')}".rstrip("/")
    return Reply(_("I have posted a test message: {link}", link=link))


# ---- what is shown


@command.pager(per_page=SHOWN)
def panel(interaction, tools, page):
    """All settings with their values, the checklist, and what to change them with."""
    from watchbell.outbox import posting
    from watchbell.tools.places import checklist

    values = tools.server_settings.of(interaction.guild_id)
    settings = page.of(catalogue.settings())
    embed = Embed(_("Settings of this server"), colour=0x3498DB)
    for setting in settings:
        embed.field(_(setting.label), shown(setting, values[setting]), inline=True)
    mine = [setting for setting in settings if may_change(setting, interaction, tools)]
    places = [setting for setting in settings if setting.kind == "channel" and values[setting]]
    buttons = [
        test.button(_("Test: {setting}", setting=_(setting.label)), name=setting.name)
        for setting in places[:4]
        if setting in mine
    ]
    options = [Option(_(setting.label), setting.name, description=clip(meaning(setting), 100)) for setting in mine]
    select = pick.select(StringSelect(options, placeholder=_("Change a setting"))) if options else None
    checks = checklist({setting: values[setting] for setting in places}, interaction, tools)
    if page.number == 1:
        troubles = posting.troubles(interaction.guild_id, tools)
        checks.description = "\n".join([*filter(None, [checks.description]), *troubles])
    return Reply(
        embeds=[embed, checks],
        components=[select] if select else [],
        buttons=[
            guide.button(_("Guide me"), style="primary", step=1),
            *buttons,
            back.button(_("Check again"), page=page.number),
        ],
    )


def page_of(setting: Setting) -> int:
    """The page of the panel that shows the setting."""
    return catalogue.settings().index(setting) // SHOWN + 1


def meaning(setting: Setting) -> str:
    """What the setting does and for whom, "" if it does not say so."""
    return _(setting.about) if setting.about else ""


def editor(setting: Setting, value) -> Reply:
    """A setting, and the select or the form that changes it."""
    text = "\n\n".join(filter(None, [meaning(setting), _("Now: {value}", value=shown(setting, value))]))
    buttons = [reset.button(_("Reset"), name=setting.name), back.button(_("Back"), page=page_of(setting))]
    if setting.kind == "zone":
        buttons.insert(0, enter.button(_("Enter a time zone"), style="primary", name=setting.name, text=value))
        return Reply(embeds=[Embed(_(setting.label), text)], buttons=buttons)
    if setting.kind == "channel":
        select: Select = ChannelSelect(
            channel_types=CHANNELS, default_channels=[value] if value else [], placeholder=_("Choose a channel")
        )
    elif setting.kind == "roles":
        select = RoleSelect(min_values=0, max_values=MOST_ROLES, default_roles=value, placeholder=_("Choose the roles"))
    else:
        select = StringSelect(
            [Option(name, each, default=each == stored(value)) for each, name in choices(setting).items()],
            placeholder=_("Choose a value"),
        )
    return Reply(
        embeds=[Embed(_(setting.label), text)],
        components=[choose.select(select, name=setting.name)],
        buttons=buttons,
    )


def offer(typed: str, setting: Setting, value) -> Reply:
    """The editor of a time zone, with a button for the one that was typed, or for those with similar names."""
    reply = editor(setting, value)
    known = zones.find(typed)
    offered = [known] if known else zones.near(typed, OFFERED)
    if not known:
        reply.embeds[0].description += "\n" + _("There is no time zone with this name.")
    elif known == value:
        offered = []
    buttons = [
        take.button(_("Change to {zone}", zone=each), style="success", name=setting.name, zone=each) for each in offered
    ]
    reply.buttons = [*buttons, *reply.buttons]
    return reply


# ---- what is changed


def changeable(name: str, interaction, tools) -> Setting:
    """The setting of that name. Raises UserError if it does not exist any more, or if the person may not change it."""
    setting = next((each for each in catalogue.settings() if each.name == name), None)
    if setting is None:
        raise UserError(_("There is no such setting any more. Use /setup again."))
    if not may_change(setting, interaction, tools):
        raise UserError(setting.who.refusal())
    return setting


def may_change(setting: Setting, interaction, tools) -> bool:
    return setting.who.allows(interaction, tools)


def store(setting: Setting, value, interaction, tools) -> Reply:
    if setting is server.status_channel and value:
        move_digests(value, interaction, tools)
    tools.change_setting(interaction.guild_id, setting, value)
    reply = panel(interaction, tools, page=page_of(setting))
    reply.embeds[0].description = _("Saved: {setting}.", setting=_(setting.label))
    return reply


def move_digests(channel: str, interaction, tools) -> None:
    """Let the digests of the status channel come in the channel that takes its place."""
    from watchbell.commands import digest

    before = tools.server_settings.of(interaction.guild_id)[server.status_channel]
    if before:
        digest.follow(before, channel, interaction.guild_id, tools)


# ---- the guide


class Zone(Modal, title="Time zone"):
    text = Short("Time zone", most=64, placeholder="Europe/Berlin")


def guided(step: int, interaction, tools, notice: str = "") -> Reply:
    """A step of the guide, with the buttons that lead to the other steps. `notice` says what was just done."""
    total = len(steps())
    step = min(max(step, 1), total)
    title, body = steps()[step - 1]
    reply = body(interaction, tools)
    count = _("Step {n} of {total}", n=step, total=total)
    lines = [f"-# {count}", *([notice] if notice else []), reply.content]
    reply.content = ""
    reply.embeds.insert(0, Embed(title, "\n\n".join(lines), colour=OWN))
    if step > 1:
        reply.buttons.append(guide.button(_("Back"), step=step - 1))
    if step < total:
        reply.buttons.append(guide.button(_("Next"), style="primary", step=step + 1))
    else:
        reply.buttons.append(done.button(_("Done"), style="primary"))
    reply.buttons.append(back.button(_("All settings"), page=1))
    return reply


def where(interaction, tools) -> Reply:
    """Choose the status channel, and see what the bot may not do there."""
    from watchbell.tools.places import checklist

    channel = tools.server_settings.of(interaction.guild_id)[server.status_channel]
    select = ChannelSelect(
        channel_types=CHANNELS, default_channels=[channel] if channel else [], placeholder=_("Choose a channel")
    )
    return Reply(
        _("I post here when something goes down, and when it is back. Everybody who sees the channel sees it."),
        embeds=[checklist({server.status_channel: channel}, interaction, tools)] if channel else [],
        components=[take_channel.select(select)],
    )


def nobody_reacts(interaction, tools) -> Reply:
    """Choose the role that is mentioned if nobody presses Acknowledge."""
    from watchbell.commands import escalation
    from watchbell.outbox import known

    steps = known.steps(interaction.guild_id, tools)
    first = first_of(steps)
    minutes = first["minutes"] if first else MINUTES[1]
    roles = [first["to"].removeprefix("role:")] if first and first["to"].startswith("role:") else []
    lines = [
        _("If a monitor stays down and nobody presses **Acknowledge**, I mention a role. You can leave this out."),
        *map(escalation.line, steps),
    ]
    waits = sorted({*MINUTES, minutes})
    options = [
        Option(ngettext("After {n} minute", "After {n} minutes", each), str(each), default=each == minutes)
        for each in waits[:SHOWN]
    ]
    picks = [take_role.select(RoleSelect(default_roles=roles, placeholder=_("Choose a role")))]
    if first:
        picks.append(take_minutes.select(StringSelect(options)))
    buttons = [drop_step.button(_("Mention nobody"))] if first else []
    return Reply("\n".join(lines), components=picks, buttons=buttons)


def first_of(steps):
    """The first step of an escalation, None if there is none."""
    return next((each for each in steps if each["step"] == "1"), None)


def quiet_hours(interaction, tools) -> Reply:
    """Choose when the messages in the status channel make no sound."""
    from watchbell.outbox import known

    values = tools.server_settings.of(interaction.guild_id)
    mine = of_status_channel(known.subscriptions(interaction.guild_id, tools), values[server.status_channel])
    rings = mine[0] if mine else None
    now = rings.quiet if rings else ""
    zone = rings.zone if rings and now else values[server.zone]
    lines = [_("At night, messages can come without a sound. You can leave this out.")]
    if rings and now:
        loud = _("A monitor that is down rings all the same.") if rings.breaks else _("Nothing rings then.")
        lines.append("✅ " + _("Quiet from {span}.", span=f"**{now}** ({zone})") + " " + loud)
    else:
        lines.append(_("The time zone of this server is {zone}.", zone=f"**{zone}**"))
    set_it = take_hours.button(
        _("Choose quiet hours"),
        span=now or "22:00-07:00",
        zone=zone,
        breaks=(rings.breaks if rings else "down") or "nothing",
    )
    drop = drop_hours.button(_("No quiet hours")) if now else time_zone_button(QUIET_HOURS, zone)
    return Reply("\n\n".join(lines), buttons=[set_it, drop])


def time_zone_button(step: int, zone: str):
    return take_zone.button(_("Change the time zone"), step=step, text=zone)


def digests(interaction, tools) -> Reply:
    """Choose a digest of the status channel."""
    from watchbell.commands import digest
    from watchbell.outbox import known

    values = tools.server_settings.of(interaction.guild_id)
    channel, zone = values[server.status_channel], values[server.zone]
    text = _(
        "A digest in the status channel says what was down, and how reliable everything was. You can leave this out."
    )
    if not channel:
        return Reply("\n\n".join([text, _("Choose a channel in the first step.")]))
    found = [
        each for each in known.timed(interaction.guild_id, tools) if each.to == f"channel:{channel}" and not each.text
    ]
    lines = [text, *(f"✅ {digest.line(each)}" for each in found)]
    lines.append(_("The time zone of this server is {zone}.", zone=f"**{zone}**"))
    taken = [each.cadence for each in found]
    options = [Option(name, each, default=each in taken) for each, name in cadences().items()]
    select = StringSelect(options, min_values=0, max_values=len(options), placeholder=_("No digest"))
    return Reply(
        "\n\n".join(lines), components=[take_digests.select(select)], buttons=[time_zone_button(DIGESTS, zone)]
    )


def cadences() -> dict:
    return {
        "daily": _("Every day at 08:00"),
        "weekly": _("Every Monday at 08:00"),
        "monthly": _("On the first of each month at 08:00"),
    }


def ready(interaction, tools) -> Reply:
    """Try the alerts, along the way that a real one takes. Nothing is ready without a channel in which they arrive."""
    from watchbell.commands import subscribe
    from watchbell.outbox import posting

    guild_id = interaction.guild_id
    channel = tools.server_settings.of(guild_id)[server.status_channel]
    if not channel:
        return Reply(_("Choose a channel in the first step. Then I can send a test alert."))
    try:
        subscribe.require_place(channel, tools)
    except UserError as error:
        return Reply(f"⚠️ {error}", buttons=[guide.button(_("Check again"), step=len(steps()))])
    lines = [
        "✅ " + _("I am ready."),
        _("Send a test alert to see what an alert looks like in {channel}.", channel=f"<#{channel}>"),
        _("Then add what I watch: `/monitor add` needs only an address."),
        *posting.troubles(guild_id, tools),
    ]
    return Reply("\n".join(lines), buttons=[try_alert.button(_("Send a test alert"), style="success")])


def steps():
    """The steps of the guide: a title, and the function that shows the step."""
    return (
        (_("Where do I post alerts?"), where),
        (_("Who is told if nobody reacts?"), nobody_reacts),
        (_("When is it quiet?"), quiet_hours),
        (_("Do you want a digest?"), digests),
        (_("Does it work?"), ready),
    )


WHERE, NOBODY_REACTS, QUIET_HOURS, DIGESTS = range(1, 5)
"""The numbers of the steps in which something is chosen."""

MINUTES = (5, 15, 30, 60)
"""After how many minutes a role can be mentioned. `/escalation` takes others too."""


@command.select(updates=True, audit="settings.change")
def take_channel(interaction, tools):
    """Store the status channel, and say at once if the bot may not post there."""
    from watchbell.commands import subscribe

    chosen_channel = chosen(server.status_channel, interaction.values)
    move_digests(chosen_channel, interaction, tools)
    tools.change_setting(interaction.guild_id, server.status_channel, chosen_channel)
    try:
        subscribe.require_place(chosen_channel, tools)
        notice = "✅ " + _("I post in {channel}.", channel=f"<#{chosen_channel}>")
    except UserError as error:
        notice = f"⚠️ {error}"
    return guided(WHERE, interaction, tools, notice)


@command.select(updates=True, audit="escalation.set", lock="escalation:{guild}")
def take_role(interaction, tools):
    """Mention a role that was chosen, and allow that it is mentioned."""
    from watchbell.commands import escalation
    from watchbell.outbox import known

    guild_id = interaction.guild_id
    (role,) = interaction.values[:1]
    if role.id == guild_id:
        raise UserError(_("I never mention everybody. Choose another role."))
    allowed = tools.server_settings.of(guild_id)[server.mention_roles]
    if role.id not in allowed and len(allowed) >= MOST_ROLES:
        text = ngettext(
            "{n} role may be mentioned already. Remove one from **Roles that I may mention** first.",
            "{n} roles may be mentioned already. Remove one from **Roles that I may mention** first.",
            len(allowed),
        )
        raise UserError(text)
    first = first_of(known.steps(guild_id, tools))
    escalation.store(1, first["minutes"] if first else MINUTES[1], f"role:{role.id}", guild_id, tools)
    if role.id not in allowed:
        tools.change_setting(guild_id, server.mention_roles, (*allowed, role.id))
    return guided(NOBODY_REACTS, interaction, tools, "✅ " + _("Saved."))


@command.select(updates=True, audit="escalation.set", lock="escalation:{guild}")
def take_minutes(interaction, tools):
    from watchbell.commands import escalation
    from watchbell.outbox import known

    wanted = "".join(interaction.values[:1])
    first = first_of(known.steps(interaction.guild_id, tools))
    if first and wanted in map(str, (*MINUTES, first["minutes"])):
        escalation.store(1, int(wanted), first["to"], interaction.guild_id, tools)
    return guided(NOBODY_REACTS, interaction, tools, "✅ " + _("Saved."))


@command.button(updates=True, audit="escalation.off", lock="escalation:{guild}")
def drop_step(interaction, tools):
    """Remove the first step of the escalation."""
    from watchbell.outbox.kinds import STEP

    tools.data(STEP, interaction.guild_id).delete("1")
    return guided(NOBODY_REACTS, interaction, tools, "✅ " + _("Saved."))


@command.modal(updates=True, instant=False, audit="settings.change")
def take_hours(interaction, tools, form: Quiet):
    """Store quiet hours of the status channel. Their time zone becomes the server's, if it has chosen none."""
    found = hours(form)
    zone = tools.server_settings.of(interaction.guild_id)[server.zone]
    if zone == server.zone.default:
        change_zone(found["zone"], interaction, tools)
    ring(interaction.guild_id, tools, **found)
    return guided(QUIET_HOURS, interaction, tools)


@command.modal(updates=True, instant=False, audit="settings.change")
def take_zone(interaction, tools, form: Zone, *, step: int):
    """Store the time zone of the server."""
    change_zone(time_zone(form.text), interaction, tools)
    return guided(step, interaction, tools)


def change_zone(zone: str, interaction, tools) -> None:
    """Change the time zone of the server, and with it that of the digests and quiet hours of the status channel."""
    from dataclasses import replace

    from watchbell.commands import digest
    from watchbell.outbox import known

    guild_id = interaction.guild_id
    values = tools.server_settings.of(guild_id)
    channel, before = values[server.status_channel], values[server.zone]
    if zone == before:
        return
    for each in known.timed(guild_id, tools):
        if each.to == f"channel:{channel}" and not each.text and each.zone == before:
            digest.store(replace(each, zone=zone), interaction, tools)
    if any(each.zone == before for each in of_status_channel(known.subscriptions(guild_id, tools), channel)):
        ring(guild_id, tools, zone=zone)
    tools.change_setting(guild_id, server.zone, zone)  # last, so that a second try moves the rest


@command.button(updates=True, audit="settings.change")
def drop_hours(interaction, tools):
    ring(interaction.guild_id, tools, quiet="")
    return guided(QUIET_HOURS, interaction, tools)


@command.select(updates=True, audit="digest.set")
def take_digests(interaction, tools):
    """Set the digests of the status channel that were chosen, and end the others. Those that come already stay."""
    from watchbell.commands import digest
    from watchbell.subscriptions.timed import Timed, expression, id_of

    values = tools.server_settings.of(interaction.guild_id)
    if not values[server.status_channel]:
        raise UserError(_("No channel is chosen. Choose one first."))
    to = f"channel:{values[server.status_channel]}"
    for every in cadences():
        id = id_of(to, every)
        if every not in interaction.values:
            digest.ended(id, interaction, tools)
        elif tools.data(TIMED, interaction.guild_id).get(id) is None:
            cron = expression(every, "08:00", "monday", 1)
            digest.store(Timed(id, to, cron, values[server.zone], cadence=every), interaction, tools)
    return guided(DIGESTS, interaction, tools)


@command.button(updates=True)
def done(interaction, tools):
    """End the guide, and say what comes next."""
    channel = tools.server_settings.of(interaction.guild_id)[server.status_channel]
    lines = [_("No status channel is chosen yet, so nobody hears of an outage. `/setup` changes that.")]
    if channel:
        lines = [_("I post in {channel}.", channel=f"<#{channel}>")]
    lines.append(_("Then add what I watch: `/monitor add` needs only an address."))
    return Reply(
        embeds=[Embed(_("Done"), "\n".join(lines), colour=OWN)], buttons=[back.button(_("All settings"), page=1)]
    )


@command.button(cooldown=10)
def try_alert(interaction, tools):
    """Send a test alert along the real way: of the first monitor, or of an example if nothing is watched yet."""
    from watchbell.commands import subscribe
    from watchbell.outbox import editions
    from watchbell.status.roster import Entry

    guild_id = interaction.guild_id
    channel = tools.server_settings.of(guild_id)[server.status_channel]
    if not channel:
        raise UserError(_("No channel is chosen. Choose one first."))
    subscribe.require_place(channel, tools)
    entries = tools.monitors.roster(guild_id).entries
    entry = entries[0] if entries else Entry("example", "example.com", "http", "", 1)
    editions.put(guild_id, editions.test_edition(interaction.id, entry, int(tools.now())), tools)
    return Reply(_("A test alert is on its way to {channel}.", channel=f"<#{channel}>"))


def of_status_channel(subscriptions, channel: str) -> list:
    """The subscriptions of the status channel."""
    from watchbell.subscriptions.subscription import STATUS

    return [each for each in subscriptions if each.to in (STATUS, f"channel:{channel}")]


def ring(guild_id: str, tools, **values) -> None:
    """Change how all messages of the status channel ring. `values` are fields of a subscription."""
    from dataclasses import replace

    from watchbell.outbox import known
    from watchbell.outbox.kinds import SUBSCRIPTION
    from watchbell.subscriptions.subscription import STATUS, Subscription, id_of

    channel = tools.server_settings.of(guild_id)[server.status_channel]
    mine = of_status_channel(known.subscriptions(guild_id, tools), channel)
    for each in mine or [Subscription(id_of(STATUS, ""), STATUS)]:
        tools.data(SUBSCRIPTION, guild_id).put(replace(each, **values).item())
