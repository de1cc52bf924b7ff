"""/notifications: what you hear of by direct messages, and when it rings. Alerts have its buttons."""

from watchbell import (
    N_,
    Command,
    Container,
    FieldError,
    Modal,
    OneOf,
    Option,
    Reply,
    Row,
    Separator,
    Short,
    StringSelect,
    Text,
    UserError,
    _,
    anyone,
    permission,
    role,
)
from watchbell.discord.text import escape, fitting, size
from watchbell.kit import zones
from watchbell.kit.server import zone as server_zone
from watchbell.outbox.kinds import MAILBOX, ON_IT, SUBSCRIPTION
from watchbell.status.roster import OPERATOR
from watchbell.status.states import OWN

command = Command(
    "notifications", "See what you hear of by direct messages, and when it rings", who=anyone, private=True
)

may_act = permission("MANAGE_GUILD") | role("responder")

SNOOZES = [
    Option(N_("For 1 hour"), "1"),
    Option(N_("For 8 hours"), "8"),
    Option(N_("For 24 hours"), "24"),
    Option(N_("Tell me again"), "0"),
]
"""The hours of a snooze."""

BREAKS = [Option(N_("Nothing"), "nothing"), Option(N_("A monitor that is down"), "down")]


WORDS = 40
"""How many characters of a wording the panel shows."""

ROOM = 3600
"""How many characters the lists of the panel have. Discord: the texts of a message have at most 4,000 together."""


class Quiet(Modal, title="Quiet hours"):
    span = Short("From and to", most=20, required=False, placeholder="22:00-07:00")
    zone = Short("Time zone", most=64, required=False, placeholder="Europe/Berlin")
    breaks = OneOf("What rings all the same?", BREAKS, required=False)


@command.run
def notifications(interaction, tools):
    """See what you hear of in this server, and change when it rings."""
    if not interaction.guild_id:
        raise UserError(_("Use this in the server whose monitors you want to hear of."))
    return panel(interaction, tools)


def panel(interaction, tools, notice: str = "") -> Reply:
    """What a person hears of, with what changes it."""
    from watchbell.commands import subscribe
    from watchbell.outbox import known
    from watchbell.subscriptions.subscription import line

    now, roster = tools.now(), tools.monitors.roster(interaction.guild_id)
    found = known.subscriptions(interaction.guild_id, tools)
    mine = [each for each in found if each.to == f"user:{interaction.user_id}"][: subscribe.MOST_OF_A_PERSON]
    lines = [line(each, roster, now, words=WORDS) for each in mine]
    if not mine:
        lines = [_("You hear of nothing by direct messages yet. `/subscribe` changes that.")]
    parts: list = [Text("### " + _("What I tell you by direct messages")), *([Text(notice)] if notice else [])]
    others = [line(each, roster, now, words=WORDS) for each in found if not each.to.startswith("user:")]
    others = others if subscribe.may_change.allows(interaction, tools) else []
    shown = fitting(lines, ROOM * 2 // 3 if others else ROOM, subscribe.MOST_OF_A_PERSON)
    parts += [Separator(), Text("\n".join(shown))]
    if others:
        heard = "\n".join(fitting(others, ROOM - sum(map(size, shown)), subscribe.SHOWN))
        parts += [Separator(), Text("### " + _("What channels and roles hear of")), Text(heard)]
    if mine:
        first = mine[0]
        zone = first.zone if first.quiet else tools.server_settings.of(interaction.guild_id)[server_zone]
        stops = [
            Option(text.splitlines()[0].replace("**", "")[:100], each.id)
            for text, each in zip(lines, mine, strict=True)
        ]
        snoozes = [Option(_(each.label), each.value) for each in SNOOZES]
        parts += [
            Separator(),
            Row(
                quiet.button(_("Quiet hours"), span=first.quiet, zone=zone, breaks=first.breaks or "nothing"),
                try_it.button(_("Send me a test")),
            ),
            Row(snooze.select(StringSelect(snoozes, placeholder=_("Tell me nothing new for a while")))),
            Row(end.select(StringSelect(stops, placeholder=_("End a subscription")))),
        ]
    return Reply(components=[Container(*parts, colour=OWN)])


@command.modal(instant=False, updates=True)
def quiet(interaction, tools, form: Quiet):
    """Set the quiet hours of a person."""
    change(interaction, tools, **hours(form))
    return panel(interaction, tools, _("Saved: {setting}.", setting=_("Quiet hours")))


@command.select(updates=True)
def snooze(interaction, tools):
    """Tell a person nothing new for a while."""
    chosen = "".join(interaction.values[:1])
    hours = int(chosen) if chosen in [each.value for each in SNOOZES] else 0
    change(interaction, tools, snoozed=int(tools.now()) + hours * 3600 if hours else 0)
    return panel(interaction, tools, _("Saved."))


@command.select(updates=True)
def end(interaction, tools):
    """End a subscription of the person."""
    mine = of_person(interaction.guild_id, interaction.user_id, tools)
    for id in {each.id for each in mine} & {*interaction.values}:
        tools.data(SUBSCRIPTION, interaction.guild_id).delete(id)
    return panel(interaction, tools, _("I no longer tell you of it."))


@command.button(cooldown=60)
def try_it(interaction, tools):
    """Send a person a message, to see whether it arrives."""
    from watchbell.errors import DiscordError

    test = Reply(_("This is a test. Alerts reach you here."))
    try:
        channel = tools.discord.open_dm(interaction.user_id)
        tools.discord.send(channel, test, nonce=f"try {interaction.id}")
    except DiscordError as error:
        if not error.permanent:
            raise
        text = _(
            "I cannot send you direct messages. Allow them in the privacy settings of this server, then try again."
        )
        raise UserError(text) from None
    return Reply(_("Sent. If nothing arrived, allow direct messages in the privacy settings of this server."))


# ---- the buttons of alerts


@command.button(expires=None, who=may_act, audit="alert.acknowledge")
def on_it(interaction, tools, *, alert: str):
    """Somebody in the server takes care of what an alert tells.

    The operator can name a channel of any server for the alerts of their own monitors.
    """
    to = f"channel:{interaction.channel_id}"
    operators = any(each.id == alert for each in alerts(OPERATOR, to, tools))
    return acknowledge(OPERATOR if operators else interaction.guild_id, to, alert, interaction, tools)


@command.button(expires=None)
def i_am_on_it(interaction, tools, *, server: str, alert: str):
    """The same in the direct messages of somebody who hears of it."""
    from watchbell.outbox import people

    if not people.is_member(server, interaction.user_id, tools):
        raise UserError(_("You are no longer in the server that this message was about."))
    return acknowledge(server, f"user:{interaction.user_id}", alert, interaction, tools)


@command.button(expires=None)
def try_on_it(interaction, tools):
    """Say what Acknowledge does, to who presses it on a test alert."""
    text = _("This was a test. On a real alert, this says that you are on it, and I remind nobody of it any more.")
    return Reply(text)


@command.button(expires=None)
def try_details(interaction, tools):
    """Say what Details does, to who presses it on a test alert."""
    return Reply(_("This was a test. On a real alert, this shows the monitor: since when it is down, and why."))


@command.button(expires=None)
def stop(interaction, tools, *, server: str):
    """Tell a person nothing more of a server, neither as a subscriber nor as a step of its escalation."""
    from watchbell.outbox import known, people

    if server == OPERATOR:
        return Reply(
            _(
                "The person who runs this bot has named you, so I go on. "
                "Ask them to take you out of the parameter `notify-users`."
            )
        )
    steps = [each for each in known.steps(server, tools) if each["to"] == f"user:{interaction.user_id}"]
    if steps:  # told first: a second try would not know of the steps
        person = f"<@{interaction.user_id}>"
        tools.notify(
            lambda: _("{person} has left the escalation. `/escalation show` lists who is told.", person=person),
            guild=server,
            dedupe_key=f"left {interaction.id}",
        )
    people.unsubscribe(server, interaction.user_id, tools)
    name = people.server_name(server, tools)
    lines = [
        _("I no longer tell you of **{server}**. `/subscribe` there changes that.", server=escape(name))
        if name
        else _("I no longer tell you of the server that this message was about. `/subscribe` there changes that."),
        *([_("Somebody there had chosen you for the escalation. You are out of it.")] if steps else []),
    ]
    return Reply("\n".join(lines))


def acknowledge(server: str, to: str, alert: str, interaction, tools) -> Reply:
    """Record that somebody takes care of what goes on in an alert, and tell everybody who heard of it."""
    from watchbell.outbox import editions, known

    told = [each for each in alerts(server, to, tools) if each.id == alert]
    open_ones = [outage for each in told for outage in each.outages if not outage.ended]
    if not open_ones:
        raise UserError(_("This is over already."))
    taken = known.on_it(server, tools)
    mine = [outage.entry.id for outage in open_ones if not taken.get(outage.entry.id)]
    others = [taken[outage.entry.id] for outage in open_ones if taken.get(outage.entry.id)]
    if not mine and others != [interaction.user_id] * len(others):
        raise UserError(_("{person} is on it already.", person=f"<@{others[0]}>"))
    now = int(tools.now())
    for monitor in mine:
        tools.data(ON_IT, server).put({"monitor": monitor, "person": interaction.user_id, "at": now})
    edition = editions.on_it_edition(interaction.id, [outage.entry.id for outage in open_ones], now)
    editions.put(server, edition, tools)
    return Reply(_("You are on it. I remind nobody of it any more, and I will say when it is over."))


# ---- what is stored


def alerts(server: str, to: str, tools) -> list:
    """The alerts that a recipient was sent of a server, and that are not over."""
    from watchbell.subscriptions.mailbox import Mailbox

    item = tools.data(MAILBOX, server).get(to)
    return Mailbox.parse(item).alerts if item else []


def hours(form: Quiet) -> dict[str, str]:
    """The quiet hours in a form, as fields of a subscription. Raises FieldError, which says what to write instead."""
    from watchbell.subscriptions.subscription import span

    zone, wanted = form.zone.strip() or "UTC", form.span.strip()
    if wanted:
        try:
            span(wanted)
        except UserError as error:
            raise FieldError("span", str(error)) from None
    known = zones.find(zone)
    if not known:
        near = ", ".join(f"`{each}`" for each in zones.near(zone, 3))
        raise FieldError(
            "zone", _("there is no time zone with this name. Did you mean {names}?", names=near or "`UTC`")
        )
    return {"quiet": wanted, "zone": known, "breaks": "down" if form.breaks == "down" else ""}


def of_person(server: str, user_id: str, tools) -> list:
    """The subscriptions of a person in a server."""
    from watchbell.outbox import known

    return [each for each in known.subscriptions(server, tools) if each.to == f"user:{user_id}"]


def change(interaction, tools, **values) -> None:
    """Change all subscriptions of the person in this server."""
    records = tools.data(SUBSCRIPTION, interaction.guild_id)
    for each in of_person(interaction.guild_id, interaction.user_id, tools):
        item = records.get(each.id)
        if item:
            records.put(item | values | {"locale": interaction.locale})
