"""/applications: a button with which people apply, and a private channel with the staff for each of them."""

from binascii import crc32

from watchbell import (
    N_,
    Command,
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
from watchbell.discord.interaction import MODAL
from watchbell.discord.text import clip, escape
from watchbell.errors import DiscordError, FieldError, Paced
from watchbell.tools.applications import (
    APPLICATIONS,
    CONFIGURATIONS,
    EARLIER,
    SERVERS,
    TRAIL,
    AnyStaff,
    Applicant,
    Staff,
    stored,
)

may_change = permission("MANAGE_GUILD") | role("admin")
staff, any_staff, the_applicant = Staff() | role("admin"), AnyStaff() | role("admin"), Applicant()

command = Command(
    "applications",
    "Let people apply, each in a private channel with the staff",
    who=may_change,
    private=True,
    contexts=("guild",),
)
remembered = (APPLICATIONS, CONFIGURATIONS, EARLIER, SERVERS, TRAIL)
"""What this feature declares: the catalogue finds the names that a file imports."""

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


class Texts(Modal, title="The button and its text"):
    button = Short("What is on the button?", most=80)
    text = Paragraph("What should people know before they press it?", most=2000, required=False)
    colour = OneOf("Which colour does it have?", STYLES, required=False)
    finish = OneOf("What happens to a channel at the end?", ENDS, required=False)
    keep = Short(
        "Days to keep an application after its end",
        description="From 1 to 730 days. If it is empty, 90 days",
        most=3,
        required=False,
    )


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

    The ingress runs this before it shows the form, so it reads what is stored as it is. A form that was open already is
    read all the same: so nobody loses what they have typed."""
    asked = stored(interaction.guild_id, tools).get(config, {})
    takes = asked.get("state") == "active" or interaction.type == MODAL
    if not takes or not asked.get("questions"):
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
    from watchbell.applications import figures, outcome
    from watchbell.tools import applying, noticing

    guild, user = interaction.guild_id, interaction.user_id
    known = applying.all_of(guild, tools)
    configuration = known.get(config)
    before = applying.application(guild, config, user, tools)
    begun = tools.journal.value("begin") is not None or (before and before.live)
    if configuration is None or not (configuration.takes or begun):
        applying.note_press(interaction, tools, config, figures.REFUSED)
        raise UserError(_("Nobody can apply here at the moment."))
    again = apply_button(configuration)
    if configuration.questions and not form and not begun:
        return Reply(_("There are some questions first."), buttons=[again])
    answers = tuple(zip(configuration.questions, vars(form).values(), strict=False)) if form else ()
    if not (before and before.channel):
        yield Reply(_("⏳ One moment. I am preparing your channel."))
    name = str(interaction.user.raw.get("username") or "")
    view = applying.viewed(welcome, known, guild, interaction.guild_locale, tools)
    try:
        made = applying.make(guild, configuration, user, name, answers, tools.journal, tools, view)
    except (DiscordError, Paced) as error:
        if not getattr(error, "permanent", False):
            yield Reply(
                _("⏳ Discord does not let me go on yet. Your application goes on by itself: you need not do anything.")
            )
        raise
    applying.note_press(interaction, tools, config, made.code, made)
    noticing.notice(interaction, tools, configuration, made, rescue)
    return outcome.told(made, again, withdraw.button(_("Withdraw"), config=config, applicant=user))


@apply.busy
def preparing(interaction, tools, *, config: str):
    from watchbell.applications import figures
    from watchbell.tools import applying

    applying.note_press(interaction, tools, config, figures.BUSY)
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


def apply_button(configuration):
    return apply.button(configuration.button, style=configuration.style, config=configuration.id)


def rescue(application) -> list:
    """The buttons with which the staff go on if an application has no channel."""
    state = {"config": application.config, "applicant": application.user}
    return [retry.button(_("Try again"), style="primary", **state), close.button(_("Close"), **state)]


# ---- the channel of an application


def welcome(application, configuration, earlier) -> Reply:
    """The first message in the channel, with the buttons for what can be done next."""
    from watchbell.applications import pages

    state = {"config": application.config, "applicant": application.user}
    buttons = []
    if application.status == "open":
        buttons += [withdraw.button(_("Withdraw"), **state), accept.button(_("Accept"), style="success", **state)]
        buttons += [decline.button(_("Decline"), style="danger", **state)]
    if application.live:
        buttons.append(close.button(_("Close"), **state))
    return pages.welcome(application, configuration, earlier, buttons)


@command.button(who=the_applicant, instant=True, expires=None)
def withdraw(interaction, *, config: str, applicant: str):
    button = really_withdraw.button(_("Withdraw"), style="danger", config=config, applicant=applicant)
    return Reply(_("Do you want to withdraw your application? This cannot be undone."), buttons=[button])


@command.button(who=the_applicant, flow=FLOW)
def really_withdraw(interaction, tools, *, config: str, applicant: str):
    from watchbell.tools import handling

    return handling.end(interaction, tools, welcome, "withdraw", config, applicant)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.accept")
def accept(interaction, tools, *, config: str, applicant: str):
    from watchbell.tools import handling

    return handling.judge(interaction, tools, welcome, "accept", config, applicant)


@command.modal(who=staff, instant=False, flow=FLOW, button_expires=None, audit="application.decline")
def decline(interaction, tools, form: Why, *, config: str, applicant: str):
    from watchbell.tools import handling

    return handling.judge(interaction, tools, welcome, "decline", config, applicant, form.reason)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.close")
def close(interaction, tools, *, config: str, applicant: str):
    from watchbell.tools import handling

    return handling.end(interaction, tools, welcome, "close", config, applicant)


@command.button(who=staff, flow=FLOW, expires=None, audit="application.retry")
def retry(interaction, tools, *, config: str, applicant: str):
    """Make the channel of a pending application."""
    from watchbell.tools import handling

    return handling.retry(interaction, tools, welcome, rescue, config, applicant)


@command.button(who=staff, expires=None, lock="resend:{message}")
def resend(interaction, tools, *, config: str, applicant: str):
    """Tell the person in their channel, or by direct message, what they could not be told."""
    from watchbell.tools import handling

    return handling.resend(interaction, tools, config, applicant)


# ---- configurations


@command.subcommand(instant=True)
def setup(interaction):
    """Make a new button with which people can apply."""
    return texts.open(config="")


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List the buttons with which people can apply."""
    from watchbell.applications import pages
    from watchbell.tools import applying

    return pages.listed(applying.all_of(interaction.guild_id, tools).values())


@command.subcommand
def edit(interaction, tools, *, button: str):
    """Change a button, its places and its questions.

    button: What is on it
    """
    return panel(find(button, interaction, tools))


@command.subcommand(audit="applications.pause")
def pause(interaction, tools, *, button: str):
    """Let nobody apply for now. What is open stays open.

    button: What is on it
    """
    configuration = find(button, interaction, tools)
    save(configuration.id, interaction, tools, state="paused")
    refreshed(configuration.id, interaction, tools)
    return Reply(_("{button} is paused.", button=f"**{escape(configuration.button)}**"))


@command.subcommand(audit="applications.resume")
def resume(interaction, tools, *, button: str):
    """Let people apply again.

    button: What is on it
    """
    configuration = find(button, interaction, tools)
    if not configuration.message:
        return panel(configuration)
    save(configuration.id, interaction, tools, state="active")
    refreshed(configuration.id, interaction, tools)
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
        there = stored(interaction.guild_id, tools)
        labels = {id: each["button"] for id, each in there.items() if each["state"] != "removed"}
        return [(label, id) for id, label in labels.items() if typed.casefold() in label.casefold()]


@command.modal(instant=False, audit="applications.texts")
def texts(interaction, tools, form: Texts, *, config: str):
    """Store the texts of a button. Without a configuration, make a new one."""
    from watchbell.applications import typed
    from watchbell.applications.configuration import new_id
    from watchbell.tools import configuring

    said = typed.texts(form.button, form.text, form.keep, style=form.colour, finish=form.finish)
    id = config or new_id(interaction.id)
    store = configuring.save if config else configuring.add
    store(id, interaction.guild_id, tools, **said)
    return refreshed(id, interaction, tools)


@command.modal(instant=False, updates=True, audit="applications.questions")
def ask(interaction, tools, form: Questions, *, config: str):
    asked: tuple[str, ...] = ()
    for name, text in ((name, text.strip()) for name, text in vars(form).items() if text.strip()):
        if text.casefold() in map(str.casefold, asked):
            raise FieldError(name, _("this question is there already."))
        asked += (text,)
    save(config, interaction, tools, questions=asked)
    return refreshed(config, interaction, tools)


@command.select(updates=True, audit="applications.place")
def choose(interaction, tools, *, config: str, what: str):
    """Store a place or the role of the staff."""
    from watchbell.applications import typed

    chosen = "".join(each.id for each in interaction.values[:1])
    save(config, interaction, tools, **typed.place(what, chosen, interaction.guild_id))
    return refreshed(config, interaction, tools)


@command.button
def preview(interaction, tools, *, config: str):
    """Show what is going to be posted, and what the bot may not do yet."""
    from watchbell.tools import configuring

    configuration = configuring.there(config, interaction.guild_id, tools)
    reply = posted(configuration)
    found = configuring.faults(configuration, interaction, tools)
    reply.buttons = [] if found else [post.button(_("Post it"), style="success", config=config)]
    found += configuring.warnings(configuration, interaction, tools)
    reply.content = clip("\n".join(found), 2000) or _("This is how it will look.")
    return reply


@command.button(audit="applications.post", lock="applications:{guild}")
def post(interaction, tools, *, config: str):
    """Post the button, or change the posted one."""
    from watchbell.tools import configuring

    configuration = configuring.there(config, interaction.guild_id, tools)
    configuring.post(configuration, posted, interaction, tools)
    return Reply(_("It is posted in {channel}.", channel=f"<#{configuration.channel}>"))


@command.button(updates=True, audit="applications.remove", lock="applications:{guild}")
def really_remove(interaction, tools, *, config: str):
    from watchbell.tools import configuring

    removed = configuring.remove(config, interaction.guild_id, tools)
    return Reply(_("{button} is removed.", button=f"**{escape(removed.button)}**"))


def posted(configuration) -> Reply:
    """The message that everybody sees, with the button."""
    from watchbell.applications import pages

    return pages.posted(configuration, apply_button(configuration))


def refreshed(config: str, interaction, tools) -> Reply:
    """The panel, after what is posted was changed too."""
    from watchbell.tools import configuring

    configuration = configuring.there(config, interaction.guild_id, tools)
    configuring.edit(configuration, posted, interaction.guild_id, interaction.guild_locale, tools)
    return panel(configuration)


def panel(configuration) -> Reply:
    """The wizard: the places and the role, and buttons for the texts, the questions and the preview."""
    from watchbell.applications import pages

    id = configuration.id
    change = texts.button(
        _("Texts"),
        config=id,
        button=configuration.button,
        text=configuration.text,
        colour=configuration.style,
        finish=configuration.finish,
        keep=str(configuration.keep),
    )
    asked = dict(zip(("one", "two", "three", "four", "five"), configuration.questions, strict=False))
    ending = next(each.label for each in ENDS if each.value == configuration.finish)
    return Reply(
        embeds=[pages.card(configuration, _(ending))],
        components=[choose.select(each, config=id, what=name) for name, each in pages.selects(configuration).items()],
        buttons=[
            change,
            ask.button(_("Questions"), config=id, **asked),
            preview.button(_("Preview"), style="primary", config=id),
        ],
    )


def find(name: str, interaction, tools):
    from watchbell.tools import configuring

    return configuring.find(name, interaction.guild_id, tools)


def save(config: str, interaction, tools, **changes) -> None:
    from watchbell.tools import configuring

    configuring.save(config, interaction.guild_id, tools, **changes)


# ---- many applications


@command.subcommand(who=any_staff)
def queue(interaction, tools):
    """See the applications, and work on many of them at once."""
    return listed(interaction, tools)


@command.pager(per_page=10, who=any_staff)
def listed(interaction, tools, page, *, status: str = "", config: str = ""):
    """The applications with this status and of this button, or all of them, ten on a page.

    The staff of a button see those of their button."""
    from watchbell.applications import pages
    from watchbell.tools import applying

    guild, manages = interaction.guild_id, may_change.allows(interaction, tools)
    known = {
        id: each for id, each in applying.all_of(guild, tools).items() if manages or each.role in interaction.roles
    }
    every = [*applying.everybody(guild, tools), *applying.earlier(guild, tools)]
    found = [each for each in every if config in ("", each.config) and (manages or each.config in known)]
    found.sort(key=lambda each: -each.changed)
    shown = [each for each in found if status in ("", each.status, each.judged)]
    there = {each["id"] for each in tools.discord.channels(guild)}
    selects = [only.select(pages.of_status(status), config=config)]
    if len(known) > 1:
        selects.append(only_of.select(pages.of_button(known.values(), config), status=status))
    many = []
    if manages and any(each.status == "pending" for each in every):
        many.append(ask_create.button(_("Create channels for all pending")))
    if manages and any(each.status == "declined" for each in every):
        many.append(ask_close.button(_("Close all declined")))
    return Reply(embeds=[pages.queue(page.of(shown), len(shown), known, there)], components=selects, buttons=many)


def many(interaction, tools, status: str) -> int:
    from watchbell.tools import applying

    return sum(each.status == status for each in applying.everybody(interaction.guild_id, tools))


@command.button(updates=True)
def ask_create(interaction, tools):
    n = many(interaction, tools, "pending")
    text = ngettext("Create the channel of {n} application?", "Create the channels of {n} applications?", n)
    return Reply(text, buttons=[create_all.button(_("Create"), style="primary"), to_the_list()])


@command.button(updates=True)
def ask_close(interaction, tools):
    n = many(interaction, tools, "declined")
    text = ngettext("Close {n} declined application?", "Close {n} declined applications?", n)
    return Reply(text, buttons=[close_all.button(_("Close"), style="danger"), to_the_list()])


def to_the_list():
    return listed.button(_("Show the applications"), page=1, status="", config="")


@command.select(updates=True, who=any_staff)
def only(interaction, tools, *, config: str):
    from watchbell.applications import typed

    return listed(interaction, tools, status=typed.filtered(interaction.values), config=config)


@command.select(updates=True, who=any_staff)
def only_of(interaction, tools, *, status: str):
    from watchbell.applications import typed

    return listed(interaction, tools, status=status, config=typed.filtered(interaction.values))


@command.button(job="applications:{guild}:create", cancel=may_change, audit="applications.create_all")
def create_all(interaction, tools):
    """Give every pending application its channel."""
    from watchbell.tools import batching

    reply = yield from batching.create_all(interaction, tools, welcome, rescue)
    reply.buttons = [to_the_list()]
    return reply


@command.button(job="applications:{guild}:close", cancel=may_change, audit="applications.close_all")
def close_all(interaction, tools):
    """Close every declined application."""
    from watchbell.tools import batching

    reply = yield from batching.close_all(interaction, tools, welcome)
    reply.buttons = [to_the_list()]
    return reply


@command.subcommand(lock="applications check:{guild}", audit="applications.check")
def check(interaction, tools):
    """Look for channels that no application has, and for what I may not do."""
    from watchbell.tools import repairing

    lines = repairing.check(interaction, tools, posted, welcome)
    return Reply(clip("\n".join(lines), 2000) or _("✅ Everything fits together."))


@command.subcommand
def stats(interaction, tools):
    """See the figures of the last 90 days."""
    from watchbell.applications import figures, pages
    from watchbell.tools import applying

    guild = interaction.guild_id
    kept = [*applying.everybody(guild, tools), *applying.earlier(guild, tools)]
    return pages.stats(figures.added_up(applying.trail(guild, tools)), kept)


@command.subcommand(name="log")
def trail(interaction, tools):
    """Read who did what, and how it ended."""
    return logged(interaction, tools)


@command.pager(per_page=15)
def logged(interaction, tools, page):
    from watchbell.applications import pages
    from watchbell.tools import applying

    return pages.log(page.of(applying.trail(interaction.guild_id, tools)))
