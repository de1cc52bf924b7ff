"""/setup: the settings of a server, and what the bot may not do in the channels that they name."""

from watchbell import (
    ChannelSelect,
    Command,
    Embed,
    FieldError,
    Modal,
    Option,
    Reply,
    RoleSelect,
    Short,
    StringSelect,
    UserError,
    _,
    permission,
)
from watchbell.discord.components import Select
from watchbell.discord.lacks import OVERWRITE, ROLE, lacks
from watchbell.discord.permissions import bits, in_server, listed
from watchbell.errors import DiscordError
from watchbell.kit import catalogue, server, zones
from watchbell.kit.setting import LANGUAGES, MOST_ROLES, Setting

command = Command(
    "setup",
    "Choose the settings of this server, and see what I may not do here",
    who=permission("MANAGE_GUILD"),
    private=True,
    contexts=("guild",),
)

NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ja": "日本語"}
"""The languages, each in itself."""

CHANNELS = (0, 5)
"""Discord's types of channel that can be chosen: text and announcement."""

SHOWN = 25
"""Discord: a select has at most 25 options, and an embed at most 25 fields."""

OFFERED = 3
"""How many time zones are offered instead of one that does not exist."""

NOT_THERE = (10004, 10007, 50001)
"""Discord's codes if the bot is no member of the server: it was added without the scope `bot`."""


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
    """Show all settings to the person who presses a button that everybody sees."""
    return panel(interaction, tools)


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
    setting = changeable(name, interaction, tools)
    channel = tools.server_settings.of(interaction.guild_id)[setting]
    if not channel:
        raise UserError(_("No channel is chosen. Choose one first."))
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
    options = [Option(_(setting.label), setting.name) for setting in mine]
    select = pick.select(StringSelect(options, placeholder=_("Change a setting"))) if options else None
    checks = checklist({setting: values[setting] for setting in places}, interaction, tools)
    if page.number == 1:
        troubles = posting.troubles(interaction.guild_id, tools)
        checks.description = "\n".join([*filter(None, [checks.description]), *troubles])
    return Reply(
        embeds=[embed, checks],
        components=[select] if select else [],
        buttons=[*buttons, back.button(_("Check again"), page=page.number)],
    )


def page_of(setting: Setting) -> int:
    """The page of the panel that shows the setting."""
    return catalogue.settings().index(setting) // SHOWN + 1


def editor(setting: Setting, value) -> Reply:
    """A setting, and the select or the form that changes it."""
    text = _("Now: {value}", value=shown(setting, value))
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


def shown(setting: Setting, value) -> str:
    """The value as people read it."""
    if setting.kind == "channel":
        return f"<#{value}>" if value else _("none")
    if setting.kind == "roles":
        return " ".join(f"<@&{id}>" for id in value) or _("none")
    return choices(setting)[stored(value)] if setting.kind in ("language", "switch") else str(value)


def choices(setting: Setting) -> dict[str, str]:
    """The values of a language or a switch, as an option holds them, with their names."""
    if setting.kind == "switch":
        return {"on": _("on"), "off": _("off")}
    return {stored(each): NAMES.get(each) or _("The server's language in Discord") for each in LANGUAGES}


def stored(value) -> str:
    """The value of a language or a switch as an option holds it. It cannot be empty."""
    return ("on" if value else "off") if isinstance(value, bool) else value or "server"


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


def chosen(setting: Setting, values):
    """The value of the setting for what was chosen in its select. Raises UserError for what it did not offer."""
    if setting.kind == "channel" and values and values[0].raw.get("type") in CHANNELS:
        return values[0].id
    if setting.kind == "roles":
        return tuple(each.id for each in values)
    named = {stored(each): each for each in ((True, False) if setting.kind == "switch" else LANGUAGES)}
    if setting.kind in ("language", "switch") and values and values[0] in named:
        return named[values[0]]
    raise UserError(_("This cannot be chosen here. Use /setup again."))


def time_zone(text: str) -> str:
    """The name of the time zone, with its own capitals. Raises FieldError, which offers similar names, for no zone."""
    known = zones.find(text)
    if known:
        return known
    names = ", ".join(zones.near(text, OFFERED))
    if names:
        raise FieldError("text", _("there is no time zone with this name. Did you mean {names}?", names=names))
    raise FieldError("text", _("there is no time zone with this name. Write one such as Europe/Berlin."))


def store(setting: Setting, value, interaction, tools) -> Reply:
    tools.change_setting(interaction.guild_id, setting, value)
    reply = panel(interaction, tools, page=page_of(setting))
    reply.embeds[0].description = _("Saved: {setting}.", setting=_(setting.label))
    return reply


# ---- what the bot may not do


def checklist(places, interaction, tools) -> Embed:
    """What the bot may not do in the channels that `places` names, by setting, and what to change."""
    embed = Embed(_("What I may not do"))
    if not places:
        embed.description = _("No channel is chosen, so there is nothing to check.")
        return embed
    discord, guild = tools.discord, interaction.guild_id
    try:
        server, member = discord.server(guild), discord.member(guild, discord.me())
        channels = {channel["id"]: channel for channel in discord.channels(guild)}
    except DiscordError as error:
        if not error.permanent or error.code not in NOT_THERE:
            raise
        needed = bits(*(name for setting in places for name in setting.needs))
        embed.description = _(
            "I am not a member of this server. [Add me with my permissions]({link}).",
            link=grant(interaction, needed),
        )
        return embed
    for setting, id in places.items():
        if id in channels:
            found = lacks(setting.needs, server, member, channels[id], tools.now())
            link = grant(interaction, in_server(server, member) | bits(*setting.needs))
            lines = [*told(found, channels[id], server, link)]
            fine = _("✅ Everything that I need in {channel} is allowed.", channel=f"<#{id}>")
            embed.field(_(setting.label), "\n".join(lines) or fine)
        else:
            embed.field(_(setting.label), _("❌ This channel no longer exists. Choose another one."))
    return embed


def told(found, channel, server, link: str):
    """Yield a line for each thing to change, with the permissions that it is about."""
    for reason, target in dict.fromkeys((lack.reason, lack.target) for lack in found):
        names = tuple(lack.name for lack in found if (lack.reason, lack.target) == (reason, target))
        values = {"permissions": listed(names)}
        if reason == ROLE:
            yield _("❌ **{permissions}**: my role lacks this. [Grant it]({link}).", link=link, **values)
        elif reason == OVERWRITE:
            values |= {"channel": f"<#{channel['id']}>", "who": mention(target, server)}
            yield _(
                "❌ **{permissions}**: {channel} denies this to {who}. Edit that channel's permissions and allow it.",
                **values,
            )
        else:
            yield _("❌ **{permissions}**: I am timed out. A moderator must end the timeout.", **values)


def mention(target: str, server) -> str:
    if target == server["id"]:
        return "@everyone"
    return f"<@&{target}>" if any(role["id"] == target for role in server["roles"]) else f"<@{target}>"


def grant(interaction, permissions: int) -> str:
    """The link with which somebody who manages the server gives the bot's role these permissions."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={interaction.application_id}&scope=bot+applications.commands"
        f"&permissions={permissions}&guild_id={interaction.guild_id}&disable_guild_select=true"
    )
