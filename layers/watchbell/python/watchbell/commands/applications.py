"""/applications: a button with which people apply, and a private channel with the staff for each of them."""

from binascii import crc32

from watchbell import (
    N_,
    Command,
    Embed,
    FieldError,
    Modal,
    OneOf,
    Option,
    Paragraph,
    Reply,
    Short,
    UserError,
    _,
    anyone,
    ngettext,
    permission,
    role,
)
from watchbell.discord import custom_id
from watchbell.discord.permissions import ADMINISTRATOR, bits
from watchbell.discord.text import clip, escape
from watchbell.errors import DiscordError, Paced
from watchbell.i18n import speaking
from watchbell.kit import server
from watchbell.kit.policy import Policy
from watchbell.tools.applications import APPLICATIONS, CONFIGURATIONS, SERVERS, TRAIL

may_change = permission("MANAGE_GUILD") | role("admin")

command = Command(
    "applications",
    "Let people apply, each in a private channel with the staff",
    who=may_change,
    private=True,
    contexts=("guild",),
)
remembered = (APPLICATIONS, CONFIGURATIONS, SERVERS, TRAIL)
"""What this feature declares: the catalogue finds the names that a file imports."""

COLOUR = 0x3498DB
ALL = "all"
"""The value of a filter that leaves nothing out."""

AT_ONCE = 500
"""How many applications a batch works on. Its journal is one item of a table."""

ANSWER = 1000
"""The longest answer. An embed has at most 6,000 characters."""

FLOW = "apply:{guild}:{config}:{applicant}"
"""The flow of one application. That of the person themselves has the same name."""

STYLES = [
    Option(N_("Blue"), "primary"),
    Option(N_("Grey"), "secondary"),
    Option(N_("Green"), "success"),
    Option(N_("Red"), "danger"),
]
ENDS = [Option(N_("Lock it, and keep it"), "lock"), Option(N_("Delete it, after a transcript"), "delete")]


class _Staff(Policy):
    """Members with the staff role of the configuration that the button names, and those who manage the server."""

    __slots__ = ()
    name = "staff of the applications"
    needs_table = True

    def decide(self, interaction, tools):
        if interaction.permissions & (bits("MANAGE_GUILD") | ADMINISTRATOR):
            return True
        return None if interaction.guild_id and interaction.roles else False

    def ask(self, interaction, tools):
        config = "".join(custom_id.parse(interaction.custom_id).values[:1])
        stored = (tools.data(CONFIGURATIONS, interaction.guild_id).get() or {}).get("configs") or {}
        return stored.get(config, {}).get("role") in interaction.roles

    def refusal(self):
        return _("Only the staff of these applications can use this.")


class _Applicant(Policy):
    """The person whose application it is. The state of the button has their id after that of the configuration."""

    __slots__ = ()
    name = "applicant"

    def decide(self, interaction, tools):
        return custom_id.parse(interaction.custom_id).values[1:2] == (interaction.user_id,)

    def refusal(self):
        return _("Only the person who applied can use this.")


staff, the_applicant = _Staff() | role("admin"), _Applicant()


class Texts(Modal, title="The button and its text"):
    button = Short("What is on the button?", most=80)
    text = Paragraph("What should people know before they press it?", most=2000, required=False)
    colour = OneOf("Which colour does it have?", STYLES, required=False)
    finish = OneOf("What happens to a channel at the end?", ENDS, required=False)
    keep = Short("Days to keep an application after its end", most=3, required=False)


class Questions(Modal, title="Questions for the form"):
    one = Short("First question", most=45, required=False)
    two = Short("Second question", most=45, required=False)
    three = Short("Third question", most=45, required=False)
    four = Short("Fourth question", most=45, required=False)
    five = Short("Fifth question", most=45, required=False)


class Why(Modal, title="Decline an application"):
    reason = Paragraph("Reason. The person reads it", most=ANSWER)


# ---- apply


def form_of(interaction, tools, *, config: str):
    """The form with the questions of a configuration. None if there are none, or if the person cannot apply now.

    The ingress runs this before it shows the form, so it reads what is stored as it is."""
    stored = (tools.data(CONFIGURATIONS, interaction.guild_id).get() or {}).get("configs") or {}
    asked = stored.get(config, {})
    if asked.get("state") != "active" or not asked["questions"]:
        return None
    before = tools.data(APPLICATIONS, interaction.guild_id).get(config, interaction.user_id)
    unasked = ("pending",) if before and not before["answers"] else ()
    if before and before["status"] not in ("withdrawn", "closed", *unasked):
        return None
    fields = {
        f"answer{number}_{crc32(text.encode()):x}": Paragraph(text, most=ANSWER)  # a changed question is another field
        for number, text in enumerate(asked["questions"])
    }
    return type("Answers", (Modal,), fields, title=clip(asked["button"], 45))


@command.modal(
    form=form_of,
    who=anyone,
    instant=False,
    expires=60 * 60,
    button_expires=None,
    flow="apply:{guild}:{config}:{user}",
)
def apply(interaction, tools, form, *, config: str):
    """Make the channel of an application. The posted button leads here for ever: do not rename it."""
    from watchbell.applications import figures
    from watchbell.tools import applying

    guild, user = interaction.guild_id, interaction.user_id
    configuration = applying.all_of(guild, tools).get(config)
    before = applying.application(guild, config, user, tools)
    mine = tools.journal.value("begin") is not None
    if configuration is None or not (configuration.takes or mine or (before and before.live)):
        recorded(interaction, tools, config, figures.REFUSED)
        raise UserError(_("Nobody can apply here at the moment."))
    if configuration.questions and not form and not mine and not (before and before.live):
        return Reply(_("There are some questions first."), buttons=[apply_button(configuration)])
    answers = tuple(zip(configuration.questions, vars(form).values(), strict=False)) if form else ()
    if not (before and before.channel):
        yield Reply(_("⏳ One moment. I am preparing your channel."))
    name = str(interaction.user.raw.get("username") or "")
    try:
        view = viewed(interaction, tools, configuration)
        outcome = applying.make(guild, configuration, user, name, answers, tools.journal, tools, view)
    except (DiscordError, Paced) as error:
        if not getattr(error, "permanent", False):
            yield Reply(
                _("⏳ Discord does not let me go on yet. Your application goes on by itself: you need not do anything.")
            )
        raise
    recorded(interaction, tools, config, outcome.code, outcome=outcome)
    if outcome.obstacle:
        tell_staff(interaction, tools, configuration, outcome)
    return told(outcome, configuration)


@apply.busy
def preparing(interaction, tools, *, config: str):
    from watchbell.applications import figures

    recorded(interaction, tools, config, figures.BUSY)
    return _("Your channel is being made. Please wait a moment.")


@apply.unreached
def lost(interaction, tools):
    """The person cannot be reached, so the staff are told, with a button that sends the answer again."""
    from watchbell.tools import applying

    config = custom_id.parse(interaction.custom_id).values[0]
    configuration = applying.all_of(interaction.guild_id, tools).get(config)
    if configuration is None:
        return
    text = _("I could not tell {person} about their application.", person=f"<@{interaction.user_id}>")
    button = resend.button(_("Send it again"), config=config, applicant=interaction.user_id)
    nonce = f"unreached {interaction.id}"
    tools.discord.send(configuration.staff_channel, Reply(text, buttons=[button]), nonce=nonce)


def told(outcome, configuration) -> Reply:
    """What the person reads about their press."""
    application = outcome.application
    place = f"<#{application.channel}>"
    if outcome.code == "created":
        return Reply(_("✅ Your channel has been created: {channel}", channel=place), late_in=application.channel)
    if outcome.code == "existing":
        return Reply(_("You have applied already: {channel}", channel=place))
    if outcome.code == "gone":
        text = _("The channel of your application was deleted, so that application is over. You can apply again.")
        return Reply(text, buttons=[apply_button(configuration)])
    why = obstacle_text(outcome.obstacle.code)
    text = _("{why}\nYour application is kept, and the staff have been told. You can also try again later.", why=why)
    return Reply(text, buttons=[withdraw.button(_("Withdraw"), config=application.config, applicant=application.user)])


def obstacle_text(code: str) -> str:
    """Why there can be no channel, for everybody to read."""
    said = {
        "missing_permission": _("I lack a permission to make your channel."),
        "category_gone": _("The category for new channels no longer exists."),
        "category_full": _("The category is full: Discord allows 50 channels in it."),
        "server_full": _("The server is full: Discord allows 500 channels."),
        "role_gone": _("The role of the staff no longer exists."),
        "person_left": _("The person is no longer in this server."),
        "took_too_long": _("It took too long, so I stopped."),
        "channel_gone": _("The channel was deleted while I worked."),
    }
    return said.get(code) or _("It did not work.")


def tell_staff(interaction, tools, configuration, outcome) -> None:
    """Tell the staff what to change. If the bot may not write there, `/applications check` says so."""
    from watchbell.discord.mentions import Mentions
    from watchbell.tools import applying

    with in_server(interaction, tools):
        lines = [
            _("{person} has applied, and has no channel yet.", person=f"<@{outcome.application.user}>"),
            obstacle_text(outcome.obstacle.code),
            *missing(outcome.obstacle.lacks, interaction, tools, configuration.category),
        ]
        state = {"config": configuration.id, "applicant": outcome.application.user}
        buttons = [retry.button(_("Try again"), style="primary", **state), close.button(_("Close"), **state)]
        reply = Reply(clip("\n".join(lines), 2000), buttons=buttons, mentions=Mentions())
    nonce = f"obstacle {interaction.id}"
    applying.unless_gone(lambda: tools.discord.send(configuration.staff_channel, reply, nonce=nonce))


def missing(lacks, interaction, tools, channel: str) -> list[str]:
    """A line for each thing that somebody must change so that the bot has what it needs in a channel."""
    if not lacks:
        return []
    discord, guild = tools.discord, interaction.guild_id
    return lines_of(lacks, interaction, discord.server(guild), discord.member(guild, discord.me()), channel)


def lines_of(lacks, interaction, here, member, channel: str) -> list[str]:
    """The same lines, for the server and the bot's member as Discord shows them."""
    from watchbell.discord.permissions import in_server
    from watchbell.tools import places

    link = places.grant(interaction, in_server(here, member) | bits(*(lack.name for lack in lacks)))
    return list(places.told(lacks, {"id": channel}, here, link))


def recorded(interaction, tools, config: str, code: str, *, outcome=None) -> None:
    """Write a press to the trail, and to the metrics."""
    from watchbell.applications.figures import APPLY
    from watchbell.discord.ids import made_at
    from watchbell.tools import applying

    reason = outcome.obstacle.code if outcome and outcome.obstacle else ""
    acknowledged = max(0, round((tools.sent_at - made_at(interaction.id)) * 1000))
    worked = max(0, round((tools.now() - tools.sent_at) * 1000))
    applying.note(
        interaction.guild_id,
        interaction.id,
        APPLY,
        tools,
        config=config,
        user=interaction.user_id,
        actor=interaction.user_id,
        outcome=code,
        reason=reason,
        acknowledged=acknowledged,
        worked=worked,
        steps=list(outcome.steps) if outcome else [],
    )
    tools.measure("application", "Count", **{f"Applications{code.title()}": 1})
    if code == "created":
        tools.measure("application", ApplicationsAckMs=acknowledged, ApplicationsMs=worked)


# ---- the channel of an application


def in_server(interaction, tools):
    """What is said in a channel is in the language of the server."""
    return speaking(tools.server_settings.of(interaction.guild_id)[server.language], interaction.guild_locale)


def viewed(interaction, tools, configuration):
    def view(application):
        with in_server(interaction, tools):
            return welcome(application, configuration)

    return view


def welcome(application, configuration) -> Reply:
    """The first message in the channel, with the buttons for what can be done next."""
    from watchbell.discord.mentions import Mentions

    person, status = f"<@{application.user}>", application.status
    embed = Embed(clip(configuration.button, 256), status_text(status), colour=COLOUR)
    for question, answer in application.answers:
        text = "\n".join(escape(line) for line in answer.splitlines())
        embed.field(clip(escape(question), 256), clip(text, 1024) or "–")
    state = {"config": application.config, "applicant": application.user}
    buttons = []
    if status == "open":
        buttons += [withdraw.button(_("Withdraw"), **state), accept.button(_("Accept"), style="success", **state)]
        buttons += [decline.button(_("Decline"), style="danger", **state)]
    if application.live:
        buttons.append(close.button(_("Close"), **state))
    text = _("Welcome, {person}. {role} will answer here.", person=person, role=f"<@&{configuration.role}>")
    mentions = Mentions(users=[application.user], roles=[configuration.role])
    return Reply(text, embeds=[embed], buttons=buttons, mentions=mentions)


def status_text(status: str) -> str:
    said = {
        "pending": _("🕓 waits for a channel"),
        "open": _("📨 open"),
        "accepted": _("✅ accepted"),
        "declined": _("❌ declined"),
        "withdrawn": _("↩️ withdrawn"),
        "closed": _("🔒 closed"),
    }
    return said[status]


@command.button(who=the_applicant, instant=True, expires=None)
def withdraw(interaction, *, config: str, applicant: str):
    button = really_withdraw.button(_("Withdraw"), style="danger", config=config, applicant=applicant)
    return Reply(_("Do you want to withdraw your application? This cannot be undone."), buttons=[button])


@command.button(who=the_applicant, flow=FLOW)
def really_withdraw(interaction, tools, *, config: str, applicant: str):
    return over(interaction, tools, "withdraw", config, applicant)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.accept")
def accept(interaction, tools, *, config: str, applicant: str):
    return judged(interaction, tools, "accept", config, applicant)


@command.modal(who=staff, instant=False, flow=FLOW, button_expires=None, audit="application.decline")
def decline(interaction, tools, form: Why, *, config: str, applicant: str):
    return judged(interaction, tools, "decline", config, applicant, note=form.reason)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.close")
def close(interaction, tools, *, config: str, applicant: str):
    return over(interaction, tools, "close", config, applicant)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.retry")
def retry(interaction, tools, *, config: str, applicant: str):
    """Make the channel of a pending application."""
    from watchbell.tools import applying

    configuration = applying.all_of(interaction.guild_id, tools).get(config)
    before = applying.application(interaction.guild_id, config, applicant, tools)
    if configuration is None or before is None:
        raise UserError(_("There is no such application any more."))
    if before.status != "pending" and tools.journal.value("record") is None:
        raise over_already(before.status)
    yield Reply(_("⏳ One moment."))
    outcome = created(interaction, tools, configuration, before, tools.journal)
    if outcome.obstacle:
        lines = [obstacle_text(outcome.obstacle.code)]
        lines += missing(outcome.obstacle.lacks, interaction, tools, configuration.category)
        raise UserError(clip("\n".join(lines), 2000))
    return Reply(_("Done: {channel}", channel=f"<#{outcome.application.channel}>"))


@command.button(who=staff, expires=None, lock="resend:{message}")
def resend(interaction, tools, *, config: str, applicant: str):
    """Tell the person in their channel, or by direct message, what they could not be told."""
    from watchbell.discord.mentions import Mentions
    from watchbell.tools import applying

    application = applying.application(interaction.guild_id, config, applicant, tools)
    if application is None or not application.live:
        raise UserError(_("There is no such application any more."))
    where = f"<#{application.channel}>" if application.channel else status_text(application.status)
    with in_server(interaction, tools):
        text = _("{person}, this is about your application: {what}", person=f"<@{applicant}>", what=where)
    channel = application.channel or tools.discord.open_dm(applicant)
    reply = Reply(text, mentions=Mentions(users=[applicant]))
    tools.discord.send(channel, reply, nonce=f"resend {interaction.id}")
    return Reply(_("Sent."))


def created(interaction, tools, configuration, before, journal):
    """Make the channel of an application that waits, with texts in the language of the server. Return the outcome."""
    from watchbell.tools import applying

    view = viewed(interaction, tools, configuration)
    return applying.make(
        interaction.guild_id, configuration, before.user, before.name, before.answers, journal, tools, view
    )


def judged(interaction, tools, what: str, config: str, applicant: str, note: str = "") -> Reply:
    """Accept or decline an application, and say so in its channel."""
    from watchbell.discord.mentions import Mentions
    from watchbell.tools import applying

    guild, configuration, view = about(interaction, tools, config)
    after, wanted = acted(interaction, tools, what, config, applicant, configuration, note=note)
    with in_server(interaction, tools):
        done = {
            "accept": _("{person}, your application was accepted by {staff}.", **people(interaction, applicant)),
            "decline": _("{person}, your application was declined by {staff}.", **people(interaction, applicant)),
        }
    quoted = "\n".join(f"> {escape(line)}" for line in note.splitlines())
    said = Reply(clip(f"{done[what]}\n{quoted}".strip(), 2000), mentions=Mentions(users=[applicant]))
    applying.effects(guild, after, wanted, configuration, tools.journal, tools, view, said)
    tools.journal.end()
    return Reply(f"{status_text(after.status)}: <@{applicant}>")


def over(interaction, tools, what: str, config: str, applicant: str):
    """Close or withdraw an application: archive its channel, then lock or delete it.

    The person reads the answer before the channel is gone: there, nothing can be shown any more."""
    from watchbell.tools import applying

    guild, configuration, view = about(interaction, tools, config)
    after, wanted = acted(interaction, tools, what, config, applicant, configuration)
    text = f"{status_text(after.status)}: <@{applicant}>"
    if configuration and configuration.finish == "delete" and wanted and not tools.discord.reads_content():
        text += "\n" + _("I cannot read what others write, so there is no transcript, and the channel is only locked.")
    yield Reply(text)
    applying.effects(guild, after, wanted, configuration, tools.journal, tools, view)
    tools.journal.end()


def about(interaction, tools, config: str):
    """The server, the configuration, and what shows an application under it. The configuration may be gone."""
    from watchbell.applications.configuration import Configuration
    from watchbell.tools import applying

    configuration = applying.all_of(interaction.guild_id, tools).get(config)
    shown = configuration or Configuration(config, _("Application"), role=interaction.guild_id)
    return interaction.guild_id, configuration, viewed(interaction, tools, shown)


def acted(interaction, tools, what: str, config: str, applicant: str, configuration, **more):
    """Store what was done, and write it to the trail. Raises UserError if it cannot be done now."""
    from watchbell.applications.application import NotNow
    from watchbell.tools import applying

    guild, by = interaction.guild_id, interaction.user_id
    fields = {"config": config, "user": applicant, "actor": by}
    try:
        done = applying.act(guild, configuration, what, applicant, by, tools.journal, tools, config=config, **more)
    except NotNow as refused:
        applying.note(guild, interaction.id, what, tools, outcome="refused", reason=refused.status, **fields)
        if not refused.status:
            raise UserError(_("There is no such application any more.")) from None
        raise over_already(refused.status) from None
    applying.note(guild, interaction.id, what, tools, outcome="done", **fields)
    return done


def over_already(status: str) -> UserError:
    return UserError(_("Somebody was faster, or this is over already: {status}", status=status_text(status)))


def people(interaction, applicant: str) -> dict[str, str]:
    return {"person": f"<@{applicant}>", "staff": f"<@{interaction.user_id}>"}


# ---- configurations


@command.subcommand(instant=True)
def setup(interaction):
    """Make a new button with which people can apply."""
    return texts.open(config="")


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List the buttons with which people can apply."""
    from watchbell.tools import applying

    embed = Embed(_("Applications"), colour=COLOUR)
    for each in list(applying.all_of(interaction.guild_id, tools).values())[:25]:
        where = f"<#{each.channel}> → <#{each.category}>" if each.channel else _("not posted yet")
        embed.field(clip(escape(each.button), 256), f"{state_text(each.state)} · {where}")
    if not embed.fields:
        embed.description = _("There is none yet. `/applications setup` makes one.")
    return Reply(embeds=[embed])


def state_text(state: str) -> str:
    said = {
        "draft": _("📝 draft"),
        "active": _("🟢 active"),
        "paused": _("⏸️ paused"),
        "removed": _("🗑️ removed"),
    }
    return said[state]


@command.subcommand
def edit(interaction, tools, *, button: str):
    """Change a button, its places and its questions.

    button: What is on it
    """
    return panel(interaction, tools, find(button, interaction, tools))


@command.subcommand(audit="applications.pause")
def pause(interaction, tools, *, button: str):
    """Let nobody apply for now. What is open stays open.

    button: What is on it
    """
    configuration = find(button, interaction, tools)
    saved(interaction, tools, configuration.id, state="paused")
    return Reply(_("{button} is paused.", button=f"**{escape(configuration.button)}**"))


@command.subcommand(audit="applications.resume")
def resume(interaction, tools, *, button: str):
    """Let people apply again.

    button: What is on it
    """
    configuration = find(button, interaction, tools)
    if not configuration.message:
        return panel(interaction, tools, configuration)
    saved(interaction, tools, configuration.id, state="active")
    return Reply(_("{button} works again.", button=f"**{escape(configuration.button)}**"))


@command.subcommand
def remove(interaction, tools, *, button: str):
    """Remove a button. Applications that are open can still be worked on.

    button: What is on it
    """
    configuration = find(button, interaction, tools)
    sure = really_remove.button(_("Remove"), style="danger", config=configuration.id)
    return Reply(_("Remove {button}?", button=f"**{escape(configuration.button)}**"), buttons=[sure])


for handler in (edit, pause, resume, remove):

    @handler.autocomplete(option="button")
    def buttons(interaction, tools, typed):
        stored = (tools.data(CONFIGURATIONS, interaction.guild_id).get() or {}).get("configs") or {}
        labels = {id: each["button"] for id, each in stored.items() if each["state"] != "removed"}
        return [(label, id) for id, label in labels.items() if typed.casefold() in label.casefold()]


@command.modal(instant=False, audit="applications.texts")
def texts(interaction, tools, form: Texts, *, config: str):
    """Store the texts of a button. Without a configuration, make a new one."""
    from watchbell.applications.configuration import MOST, changed
    from watchbell.tools import applying

    days = form.keep.strip() or "90"
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= 730:
        raise FieldError("keep", _("write a number of days from 1 to 730."))
    id = config or new_id(interaction.id)
    said = {"button": form.button.strip(), "text": form.text.strip(), "keep": int(days)}
    said |= {name: value for name, value in (("style", form.colour), ("finish", form.finish)) if value}

    def decide(before):
        if id not in before and len(before) >= MOST:
            raise UserError(_("A server can have {n} such buttons.", n=MOST))
        return changed(before, id, **said)

    applying.change(interaction.guild_id, tools, decide)
    return refreshed(interaction, tools, id)


def new_id(interaction_id: str) -> str:
    """The id of a new configuration: the same in each try, so that a second try makes no second one."""
    from hashlib import sha256

    return sha256(interaction_id.encode()).hexdigest()[:8]


@command.modal(instant=False, updates=True, audit="applications.questions")
def ask(interaction, tools, form: Questions, *, config: str):
    asked = tuple(text.strip() for text in vars(form).values() if text.strip())
    saved(interaction, tools, config, questions=asked)
    return refreshed(interaction, tools, config)


@command.select(updates=True, audit="applications.place")
def choose(interaction, tools, *, config: str, what: str):
    """Store a place or the role of the staff."""
    chosen = "".join(each.id for each in interaction.values[:1])
    known = what in ("channel", "category", "role", "staff_channel")
    if not known or not chosen or chosen == interaction.guild_id:  # the role @everyone would show the channels to all
        raise UserError(_("This cannot be chosen here. Use `/applications edit` again."))
    saved(interaction, tools, config, **{what: chosen})
    return refreshed(interaction, tools, config)


@command.button
def preview(interaction, tools, *, config: str):
    """Show what is going to be posted, and what the bot may not do yet."""
    configuration = there(config, interaction, tools)
    reply = posted(configuration)
    reply.buttons = [post.button(_("Post it"), style="success", config=config)]
    found = "\n".join(faults(configuration, interaction, tools))
    reply.content = clip(found, 2000) or _("This is how it will look.")
    return reply


@command.button(audit="applications.post", lock="applications:{guild}")
def post(interaction, tools, *, config: str):
    """Post the button, or change the posted one."""
    from watchbell.tools import applying

    configuration = there(config, interaction, tools)
    found = faults(configuration, interaction, tools, warn=False)
    if found:
        raise UserError(clip("\n".join(found), 2000))
    if configuration.posted_in != configuration.channel or not edited(configuration, tools):
        with tools.journal.step("post") as step:
            if step.new:
                step.value = applying.post(configuration, posted(configuration), step, tools)
        taken_down(configuration, tools)
        saved(interaction, tools, config, message=step.value, posted_in=configuration.channel, state="active")
    elif configuration.state == "draft":
        saved(interaction, tools, config, state="active")
    fields = {"config": config, "actor": interaction.user_id, "outcome": "done"}
    applying.note(interaction.guild_id, interaction.id, "post", tools, **fields)
    return Reply(_("It is posted in {channel}.", channel=f"<#{configuration.channel}>"))


@command.button(updates=True, audit="applications.remove", lock="applications:{guild}")
def really_remove(interaction, tools, *, config: str):
    from watchbell.tools import applying

    configuration = there(config, interaction, tools)
    taken_down(configuration, tools)
    saved(interaction, tools, config, state="removed", message="")
    applying.forget_removed(interaction.guild_id, tools)
    return Reply(_("{button} is removed.", button=f"**{escape(configuration.button)}**"))


def apply_button(configuration):
    return apply.button(configuration.button, style=configuration.style, config=configuration.id)


def posted(configuration) -> Reply:
    """The message that everybody sees, with the button."""
    embed = Embed(clip(configuration.button, 256), configuration.text, colour=COLOUR)
    return Reply(embeds=[embed], buttons=[apply_button(configuration)])


def taken_down(configuration, tools) -> None:
    """Delete the posted message, if there is one."""
    from watchbell.tools import applying

    if configuration.message:
        place = configuration.posted_in, configuration.message
        applying.unless_gone(lambda: tools.discord.delete(*place))


def edited(configuration, tools) -> bool:
    """Whether the posted message is there, and was changed."""
    if not configuration.message:
        return False
    try:
        tools.discord.edit(configuration.posted_in, configuration.message, posted(configuration))
    except DiscordError as error:
        if not error.permanent:
            raise
        return False
    return True


def refreshed(interaction, tools, config: str) -> Reply:
    """The panel, after what is posted was changed too."""
    configuration = there(config, interaction, tools)
    edited(configuration, tools)
    return panel(interaction, tools, configuration)


def panel(interaction, tools, configuration) -> Reply:
    """The wizard: the places and the role, and buttons for the texts, the questions and the preview."""
    from watchbell import ChannelSelect, RoleSelect  # 5 ms of the cold start of a press on Apply

    id = configuration.id
    selects = []
    kinds = {"channel": (0, 5), "category": (4,), "staff_channel": (0,)}
    asks = {
        "channel": _("Where is the button posted?"),
        "category": _("In which category are the channels made?"),
        "staff_channel": _("Where do the staff get transcripts and troubles?"),
    }
    for name, chosen in configuration.places.items():
        defaults = [chosen] if chosen else []
        select = ChannelSelect(channel_types=kinds[name], default_channels=defaults, placeholder=asks[name])
        selects.append(choose.select(select, config=id, what=name))
    roles = [configuration.role] if configuration.role else []
    who = RoleSelect(default_roles=roles, placeholder=_("Who are the staff?"))
    selects.insert(2, choose.select(who, config=id, what="role"))
    names = ("one", "two", "three", "four", "five")
    asked = dict(zip(names, configuration.questions, strict=False))
    embed = Embed(clip(escape(configuration.button), 256), clip(configuration.text, 1000), colour=COLOUR)
    embed.field(_("State"), state_text(configuration.state), inline=True)
    embed.field(
        _("At the end"), _(next(each.label for each in ENDS if each.value == configuration.finish)), inline=True
    )
    embed.field(_("Kept for"), ngettext("{n} day", "{n} days", configuration.keep), inline=True)
    if configuration.questions:
        embed.field(_("Questions"), "\n".join(escape(each) for each in configuration.questions))
    change = texts.button(
        _("Texts"),
        config=id,
        button=configuration.button,
        text=configuration.text,
        colour=configuration.style,
        finish=configuration.finish,
        keep=str(configuration.keep),
    )
    row = [change, ask.button(_("Questions"), config=id, **asked)]
    row.append(preview.button(_("Preview"), style="primary", config=id))
    return Reply(embeds=[embed], components=selects, buttons=row)


def faults(configuration, interaction, tools, *, warn: bool = True) -> list[str]:
    """What is still to be chosen, and what the bot may not do in the places. `warn` adds what does not stop it."""
    from watchbell.applications.obstacles import NEEDED
    from watchbell.discord.lacks import lacks

    if configuration.missing:
        return [_("❌ Choose the channel, the category, the staff and their channel first.")]
    guild, discord, found = interaction.guild_id, tools.discord, []
    here, member = discord.server(guild), discord.member(guild, discord.me())
    channels = {channel["id"]: channel for channel in discord.channels(guild)}
    post = ("VIEW_CHANNEL", "SEND_MESSAGES", "EMBED_LINKS")
    needs = {"channel": post, "category": NEEDED, "staff_channel": (*post, "ATTACH_FILES")}
    for name, id in configuration.places.items():
        if id not in channels:
            found.append(_("❌ {channel} no longer exists. Choose another one.", channel=f"<#{id}>"))
            continue
        found += lines_of(lacks(needs[name], here, member, channels[id], tools.now()), interaction, here, member, id)
    if all(each["id"] != configuration.role for each in here["roles"]):
        found.append(_("❌ The role of the staff no longer exists. Choose another one."))
    if warn and not discord.reads_content():
        found.append(
            _(
                "⚠️ I lack the Message Content intent, so I can write no transcripts. Channels are then locked, and "
                "never deleted. My owner can switch it on in Discord's developer portal."
            )
        )
    return found


def find(name: str, interaction, tools):
    from watchbell.applications.configuration import named
    from watchbell.tools import applying

    found = named(applying.all_of(interaction.guild_id, tools), name)
    if found is None:
        raise UserError(_("There is no such button. `/applications list` shows all of them."))
    return found


def there(config: str, interaction, tools):
    from watchbell.tools import applying

    found = applying.all_of(interaction.guild_id, tools).get(config)
    if found is None or found.state == "removed":
        raise UserError(_("There is no such button. `/applications list` shows all of them."))
    return found


def saved(interaction, tools, config: str, **changes) -> None:
    from watchbell.applications.configuration import changed
    from watchbell.tools import applying

    there(config, interaction, tools)
    applying.change(interaction.guild_id, tools, lambda before: changed(before, config, **changes))


# ---- the queue


@command.subcommand
def queue(interaction, tools):
    """See the applications, and work on many of them at once."""
    return listed(interaction, tools)


@command.pager(per_page=10)
def listed(interaction, tools, page, *, status: str = "", config: str = ""):
    """The applications with this status and of this button, or all of them, ten on a page."""
    from watchbell import StringSelect
    from watchbell.applications.application import STATUSES
    from watchbell.tools import applying

    found = applying.everybody(interaction.guild_id, tools, config)
    shown = [each for each in found if status in ("", each.status)]
    lines = [
        f"{status_text(each.status)} <@{each.user}> {f'<#{each.channel}>' if each.channel else ''} <t:{each.changed}:R>"
        for each in page.of(shown)
    ]
    embed = Embed(_("Applications"), "\n".join(lines) or _("There is none."), colour=COLOUR)
    embed.footer = ngettext("{n} application", "{n} applications", len(shown))
    statuses = {each: status_text(each) for each in STATUSES}
    labels = {id: clip(each.button, 100) for id, each in applying.all_of(interaction.guild_id, tools).items()}
    selects = [only.select(StringSelect(options(statuses, status), placeholder=_("Which?")), config=config)]
    if len(labels) > 1:
        selects.append(only_of.select(StringSelect(options(labels, config), placeholder=_("Which?")), status=status))
    many = [create_all.button(_("Create channels for all pending")), close_all.button(_("Close all declined"))]
    return Reply(embeds=[embed], components=selects, buttons=many)


def options(labels: dict[str, str], chosen: str) -> list[Option]:
    """The options of a filter: everything, and each value with its label."""
    found = [Option(label, value, default=value == chosen) for value, label in labels.items()]
    return [Option(_("All"), ALL, default=not chosen), *found]


@command.select(updates=True)
def only(interaction, tools, *, config: str):
    return listed(interaction, tools, status=filtered(interaction), config=config)


@command.select(updates=True)
def only_of(interaction, tools, *, status: str):
    return listed(interaction, tools, status=status, config=filtered(interaction))


def filtered(interaction) -> str:
    chosen = "".join(interaction.values[:1])
    return "" if chosen == ALL else chosen


@command.button(job="applications:{guild}:create", cancel=may_change, audit="applications.create_all")
def create_all(interaction, tools):
    """Give every pending application its channel."""

    def one(application, configuration, journal):
        if configuration is None or application.status != "pending":
            return "skipped"
        return "failed" if created(interaction, tools, configuration, application, journal).obstacle else "done"

    return (yield from batch(interaction, tools, "pending", "create", one))


@command.button(job="applications:{guild}:close", cancel=may_change, audit="applications.close_all")
def close_all(interaction, tools):
    """Close every declined application."""
    from watchbell.tools import applying

    def one(application, configuration, journal):
        if application.status != "declined":
            return "skipped"
        guild, _configuration, view = about(interaction, tools, application.config)
        state = {"config": application.config}
        by, user = interaction.user_id, application.user
        after, wanted = applying.act(guild, configuration, "close", user, by, journal, tools, **state)
        applying.effects(guild, after, wanted, configuration, journal, tools, view)
        journal.end()
        return "done"

    return (yield from batch(interaction, tools, "declined", "close", one))


def batch(interaction, tools, status: str, action: str, one):
    """Do `one` for each application with this status. The total, and who it is about, are decided at the start."""
    from watchbell.applications.application import NotNow
    from watchbell.tools import applying

    guild = interaction.guild_id
    with tools.journal.step("all") as step:
        if step.new:
            found = applying.everybody(guild, tools)
            step.value = [[each.config, each.user] for each in found if each.status == status][:AT_ONCE]
    counts = {"done": 0, "skipped": 0, "failed": 0}
    for config, user in step.value:
        with tools.journal.step(f"{config} {user}") as step_of_one:
            if step_of_one.new:
                name = f"apply:{guild}:{config}:{user}"
                with tools.flow(name, people=[user], servers=[guild]) as journal:
                    application = applying.application(guild, config, user, tools)
                    configuration = applying.all_of(guild, tools).get(config)
                    code = "skipped"
                    if journal is not None and application is not None:
                        try:
                            code = one(application, configuration, journal)
                        except NotNow:
                            code = "skipped"
                        except DiscordError as error:
                            if not error.permanent:
                                raise
                            code = "failed"
                fields = {"config": config, "user": user, "actor": interaction.user_id, "part": user}
                applying.note(guild, interaction.id, f"batch_{action}", tools, outcome=code, **fields)
                step_of_one.value = code
        counts[step_of_one.value] += 1
        yield Reply(_("{done} of {total}", done=sum(counts.values()), total=len(step.value)))
    return Reply(
        _(
            "Finished. {total} in all: {done} done, {skipped} skipped, {failed} failed.",
            total=len(step.value),
            **counts,
        )
    )


# ---- the check, the figures, the trail


@command.subcommand(lock="applications check:{guild}", audit="applications.check")
def check(interaction, tools):
    """Look for channels that no application has, and for what I may not do."""
    from watchbell.tools import applying

    guild, lines = interaction.guild_id, []
    for each in applying.all_of(guild, tools).values():
        if each.state in ("active", "paused"):
            lines += [f"**{escape(each.button)}**: {line}" for line in faults(each, interaction, tools)]
            if each.message and not edited(each, tools):
                lines.append(_("❌ The posted message is gone. `/applications edit` posts it again."))
    repaired = put_right(guild, tools, interaction.guild_locale, interaction.id)
    lines += [repair_text(code, f"<#{each.channel}>", f"<@{each.user}>") for each, code in repaired]
    return Reply(clip("\n".join(lines), 2000) or _("✅ Everything fits together."))


def repair_text(code: str, channel: str, person: str) -> str:
    said = {
        "adopted": _("{channel} belongs to {person} again.", channel=channel, person=person),
        "removed": _("A channel that nobody needed was removed."),
        "left": _(
            "{channel} looks like an application of {person}. I leave it: look at it.", channel=channel, person=person
        ),
        "closed": _("The channel of {person} is gone, so the application is closed.", person=person),
        "delete": _("The channel of {person} is deleted: the application is over.", person=person),
        "lock": _("{channel} is locked: the application is over.", channel=channel),
    }
    return said[code]


def put_right(guild: str, tools, locale: str, id: str):
    """Repair a server, and write what was done to the trail. `locale` is Discord's locale of the server."""
    from watchbell.applications.configuration import Configuration
    from watchbell.applications.figures import DUPLICATE
    from watchbell.tools import applying

    known = applying.all_of(guild, tools)

    def view(application):
        with speaking(tools.server_settings.of(guild)[server.language], locale):
            nobody = Configuration(application.config, _("Application"), role=guild)
            return welcome(application, known.get(application.config, nobody))

    repaired = applying.repair(guild, tools, view)
    for each, code in repaired:
        outcome = DUPLICATE if each.double else code
        fields = {"config": each.config, "user": each.user, "outcome": outcome, "part": each.channel}
        applying.note(guild, id, f"repair_{each.what}", tools, **fields)
        if each.double:
            tools.measure("application", "Count", ApplicationsDuplicate=1)
    applying.forget_removed(guild, tools)
    return repaired


@command.subcommand
def stats(interaction, tools):
    """See the figures of the last 90 days."""
    from watchbell.applications import figures
    from watchbell.tools import applying

    found = figures.added_up(applying.trail(interaction.guild_id, tools))
    outcomes = found.outcomes
    rows = {
        _("Presses"): str(found.presses),
        _("Channels made"): str(outcomes[figures.CREATED]),
        _("Had one already"): str(outcomes[figures.EXISTING]),
        _("Pressed while it was made"): str(outcomes[figures.BUSY]),
        _("Withdrawn"): str(found.withdrawn),
        _("Acknowledged (median)"): "–" if found.acknowledged is None else f"{found.acknowledged} ms",
        _("Done (median)"): "–" if found.worked is None else f"{found.worked} ms",
        _("Success"): "–" if found.success is None else f"{found.success:.1f} %",
        _("Duplicates"): str(found.duplicates),
    }
    embed = Embed(_("Applications, the last 90 days"), colour=COLOUR)
    for name, value in rows.items():
        embed.field(name, value, inline=True)
    reasons = [f"{obstacle_text(code)} × {count}" for code, count in found.reasons.most_common()]
    if reasons:
        embed.field(_("What failed"), clip("\n".join(reasons), 1024))
    return Reply(embeds=[embed])


@command.subcommand(name="log")
def trail(interaction, tools):
    """Read who did what, and how it ended."""
    return logged(interaction, tools)


@command.pager(per_page=15)
def logged(interaction, tools, page):
    from watchbell.tools import applying

    rows = page.of(applying.trail(interaction.guild_id, tools))
    lines = [
        f"<t:{row['at']}:f> {who(row['actor'])} `{row['action']}` {who(row['user'])} "
        f"**{row['outcome']}** {row['reason'] or ''}"
        for row in rows
    ]
    return Reply(embeds=[Embed(_("What was done"), "\n".join(lines) or _("There is none."), colour=COLOUR)])


def who(id: str | None) -> str:
    return f"<@{id}>" if id else ""
