"""Greets each person who installs the bot with one direct message, and tells their server how to begin."""

import json
import logging

from watchbell import Button, Data, Embed, Reply, _, pgettext
from watchbell.data.tables import INTRODUCTION, ONBOARDING
from watchbell.discord.permissions import bits, in_channel
from watchbell.errors import DiscordError, Retry
from watchbell.i18n import speaking
from watchbell.kit import catalogue, server
from watchbell.kit.event import Event, user_of
from watchbell.tools.departures import note

event = Event("APPLICATION_AUTHORIZED", switch="introduction")
log = logging.getLogger(__name__)

CANNOT_DM = {
    10003: "no_channel",
    10013: "no_user",
    50001: "no_access",
    50007: "dm_closed",
    50278: "no_shared_server",
}
"""Discord's error codes for a person whom the bot cannot send a message, and the outcome to store for each."""

greeted = Data(
    "greeted", of="own", key=("user",), fields=("outcome", "at"), about=("user",), personal="a Discord user id"
)
"""Whom the bot has greeted, and how it went, for `ops intro`. The claim INTRODUCTION alone decides who is greeted."""

UNKNOWN = "unknown"
"""The outcome of a greeting if the function died before it kept the outcome."""

IN_SERVER, FOR_USER = 0, 1
"""Discord: the types of an installation."""

TEXT, NEEDED = 0, bits("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS")
"""Discord's type of a text channel, and what the bot needs in it."""

NOT_THERE, TRIES = (10004, 50001), 4
"""Discord's error codes if the bot is not in the server. The event can come before the bot has joined, so it is tried
again."""


@event.always
def comes_back(data, tools, at):
    note(data, at, tools, leaves=False)


@event.run
def authorised(data, tools):
    outcome, user_id, known = introduce(data, tools), user_of(data), tools.data(greeted)
    # An earlier try may have ended before it kept the outcome.
    if user_id and (outcome or known.get(user_id) is None):
        known.put({"user": user_id, "outcome": outcome or UNKNOWN, "at": tools.now()})
    onboard(data, tools)


def introduce(data, tools) -> str:
    """Greet the user once, even if the event comes several times. A claim in the `state` table ensures this.

    Return the outcome, "" if there is nobody to greet.
    """
    user_id = user_of(data)
    if not user_id:
        log.warning("the event of an installation names no user, so nobody is greeted")
        return ""
    claim = tools.claims.take(INTRODUCTION, user_id)
    if claim is None:
        return ""
    with claim:
        message = introduction(tools.settings.get("DOCUMENTATION_URL", ""), data)
        outcome = write_to(user_id, message, tools, may_have_been_sent=claim.attempt > 1)
        claim.done(outcome)
    log.log(logging.INFO if outcome == "sent" else logging.WARNING, "introduction: %s", outcome)
    return outcome


def write_to(user_id, reply: Reply, tools, *, may_have_been_sent: bool) -> str:
    """Send the introduction `reply` and return the outcome: `sent`, or a value of CANNOT_DM.

    An earlier try may have sent the message and crashed before it stored the outcome. For a few minutes, Discord drops
    a second message with the same nonce. After that, only the messages in the conversation show it.
    """
    try:
        channel = tools.discord.open_dm(user_id)
        if may_have_been_sent and already_there(channel, tools):
            return "sent"
        tools.discord.create_message(channel, tools.seals.seal(reply.message()), nonce=f"hello{user_id}")
    except DiscordError as error:
        if not error.permanent or error.code not in CANNOT_DM:
            raise
        return CANNOT_DM[error.code]
    return "sent"


def already_there(channel, tools, reply: Reply | None = None) -> bool:
    """Whether the first button of the introduction, or of `reply`, is in a recent message of the channel."""
    ours = f'"custom_id": "{(reply or introduction()).buttons[0].custom_id}~'
    return any(ours in json.dumps(message.get("components")) for message in tools.discord.recent_messages(channel))


def introduction(documentation: str = "", data: dict | None = None) -> Reply:
    """The direct message. It says what is true of the installation that the event's `data` describes."""
    from watchbell.commands import help, status

    embed = Embed(_("Hello, I am Watchbell."), "\n\n".join(paragraphs(data or {})), colour=0x3498DB)
    buttons: list[Button] = [
        status.check.button(_("Check server status"), style="primary"),
        help.overview.button(_("View help")),
        *help.documentation(documentation),
    ]
    return Reply(embeds=[embed], buttons=buttons)


def paragraphs(data: dict) -> list[str]:
    first = _("I watch services and tell you how they are doing. Thank you for installing me!")
    if data.get("integration_type") == FOR_USER:
        everywhere = [each for each in catalogue.commands() if each.user_installs and each.type == 1 and not each.flag]
        shown = [pgettext("name", each.name) for each in everywhere]
        names = ", ".join(f"`/{name}`" for name in shown)
        return [
            first,
            _("These commands work for you everywhere: {commands}. Press a button to try me here.", commands=names),
        ]
    if data.get("integration_type") == IN_SERVER and not has_bot(data):
        return [
            first,
            _("I was added without the scope `bot`: I can answer commands in your server, but I cannot post alerts."),
        ]
    if data.get("integration_type") == IN_SERVER:
        return [
            first,
            _("In your server, `/setup` chooses the channel for alerts, and `/monitor add` adds what I watch there."),
            _("Press a button to try me here."),
        ]
    return [first, _("Press a button to try me here, or type `/status` or `/help` wherever I am installed.")]


def has_bot(data: dict) -> bool:
    scopes = data.get("scopes")
    return isinstance(scopes, list) and "bot" in scopes


def onboard(data, tools):
    """Tell the server of an installation how to begin, once: in its system channel, or in the first open one."""
    guild = data.get("guild")
    guild_id = guild.get("id") if isinstance(guild, dict) else None
    if not has_bot(data) or not isinstance(guild_id, str) or not guild_id.isdigit():
        return
    locale = guild.get("preferred_locale")
    server.learn_language(guild_id, locale if isinstance(locale, str) else "", tools)
    claim = tools.claims.take(ONBOARDING, guild_id)
    if claim is None:
        return
    with claim, speaking(server.spoken(tools.server_settings.of(guild_id))):
        message = onboarding(tools.settings.get("DOCUMENTATION_URL", ""))
        outcome = post(guild_id, message, tools, claim.attempt)
        claim.done(outcome)
    log.info("onboarding: %s", outcome, extra={"guild_id": guild_id})


def post(guild_id, message: Reply, tools, attempt: int) -> str:
    """Post the onboarding and return the outcome to store. Raises Retry while the bot is not in the server yet."""
    try:
        place = tools.discord.server(guild_id)
        member = tools.discord.member(guild_id, tools.discord.me())
        channel = first_open(place, member, tools.discord.channels(guild_id), tools.now())
        if not channel:
            return "no_channel"
        if attempt > 1 and already_there(channel, tools, message):
            return "sent"
        return str(tools.discord.send(channel, message, nonce=f"onboarding {guild_id}").get("id", ""))
    except DiscordError as error:
        if not error.permanent:
            raise
        if error.code in NOT_THERE and attempt < TRIES:
            raise Retry("the bot is not in the server yet") from error
        return f"refused:{error.status}:{error.code}"


def first_open(place: dict, member: dict, channels: list[dict], now: float) -> str:
    """The id of the channel in which to begin: the system channel, or the first text channel. "" if none is open."""
    above = {each["id"]: position(each) for each in channels}
    is_open = [
        each for each in channels if each["type"] == TEXT and in_channel(place, member, each, now) & NEEDED == NEEDED
    ]
    # Discord shows the channels without a category first.
    is_open.sort(key=lambda each: (above.get(each.get("parent_id"), -1), position(each), int(each["id"])))
    ids = [str(each["id"]) for each in is_open]
    system = place.get("system_channel_id")
    return system if system in ids else next(iter(ids), "")


def position(channel: dict) -> int:
    return channel["position"] if isinstance(channel.get("position"), int) else 0


def onboarding(documentation: str = "") -> Reply:
    from watchbell.commands import help, setup

    embed = Embed(
        _("Hello, I am Watchbell."),
        _(
            "I watch services, and post in a channel of this server when one goes down and when it is back. "
            "People who may manage the server choose the channel with a button below, and add what I watch with "
            "`/monitor add`."
        ),
        colour=0x3498DB,
    )
    buttons: list[Button] = [
        setup.start.button(_("Set up notifications"), style="primary"),
        help.overview.button(_("View commands")),
        *help.documentation(documentation),
    ]
    return Reply(embeds=[embed], buttons=buttons)
