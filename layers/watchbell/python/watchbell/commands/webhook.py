"""/webhook: let alerts go to webhooks, also of other servers."""

from watchbell import (
    Command,
    Container,
    FieldError,
    Modal,
    Reply,
    Separator,
    Short,
    Text,
    UserError,
    _,
    permission,
    role,
)
from watchbell.discord.text import clip, escape, fitting, size
from watchbell.outbox.kinds import SUBSCRIPTION, TIMED, WEBHOOK
from watchbell.status.states import OWN

MOST = 20
"""How many webhooks a server can have."""

ROOM = 3900
"""Discord: the texts of a message have at most 4,000 characters together."""

command = Command(
    "webhook",
    "Let alerts go to webhooks",
    who=permission("MANAGE_GUILD") | role("admin"),
    private=True,
    contexts=("guild",),
)


class Given(Modal, title="Set a webhook"):
    name = Short("Name, such as status-page", most=40)
    url = Short("URL. Nobody can read it again", most=400, secret=True)
    post = Short("Name of its posts, if it is of a forum", most=100, required=False)


@command.subcommand(instant=True)
def add(interaction, tools):
    """Add a webhook, or set its URL again."""
    return put.open()


@command.subcommand(name="list")
def all_of_them(interaction, tools):
    """List the webhooks of this server."""
    return listed(interaction, tools)


@command.subcommand(audit="webhook.remove", lock="webhooks:{guild}")
def remove(interaction, tools, *, name: str):
    """Remove a webhook, and end its subscriptions and digests.

    name: Which one
    """
    guild_id, name = interaction.guild_id, name.strip().lower()
    there(name, interaction, tools)
    end_all(guild_id, name, tools)
    tools.delete_webhook(guild_id, name)
    tools.shards.accepted(guild_id, f"webhook:{name}", int(tools.now()))
    tools.data(WEBHOOK, guild_id).delete(name)  # late, so that a second try finds it
    end_all(guild_id, name, tools)  # what somebody has stored since; a later one sees that it is gone
    return Reply(_("I no longer know the webhook {name}. In Discord it still exists.", name=f"`{name}`"))


def end_all(guild_id: str, name: str, tools) -> None:
    """End the subscriptions and digests of a webhook."""
    from watchbell.outbox import known

    for kind, found in ((SUBSCRIPTION, known.subscriptions(guild_id, tools)), (TIMED, known.timed(guild_id, tools))):
        for each in found:
            if each.to == f"webhook:{name}":
                tools.data(kind, guild_id).delete(each.id)


@command.modal(instant=False, audit="webhook.set", lock="webhooks:{guild}")
def put(interaction, tools, form: Given):
    """Set the URL of a webhook. That gives a retired one a new life."""
    from watchbell.discord import webhook
    from watchbell.status.secret import is_name
    from watchbell.tools.toolbox import DISCORD_URL

    guild_id, name, post = interaction.guild_id, form.name.strip().lower(), form.post.strip()
    if not is_name(name):
        raise FieldError("name", _("a name has small letters, digits, `_` and `-`, such as `status-page`."))
    target = webhook.parse(form.url, tools.settings.get("DISCORD_URL", DISCORD_URL))
    if target is None:
        raise FieldError("url", _("this is no URL of a webhook. Copy it from the settings of the channel."))
    if post and webhook.thread_id(form.url):
        raise FieldError("post", _("the URL names a thread, so leave this empty."))
    webhooks = tools.data(WEBHOOK, guild_id)
    if webhooks.get(name) is None and len(webhooks.all()) >= MOST:
        raise FieldError("name", _("this server already has {n} webhooks, and cannot have more.", n=MOST))
    require_known(target, tools)
    life = tools.set_webhook(guild_id, name, form.url)
    webhooks.put({"name": name, "life": life, "post": post, "retired": ""})
    tools.shards.accepted(guild_id, f"webhook:{name}", int(tools.now()))
    text = _(
        "I know the webhook {name}. `/subscribe webhook:{plain}` lets alerts go there.", name=f"`{name}`", plain=name
    )
    return listed(interaction, tools, text)


def listed(interaction, tools, notice: str = "") -> Reply:
    """The webhooks of a server, and what to change about those that Discord refuses."""
    from watchbell.outbox import posting

    found = tools.data(WEBHOOK, interaction.guild_id).all()
    troubles = posting.troubles(interaction.guild_id, tools)
    lines = [line(each) for each in found] or [_("There is none. `/webhook add` adds one.")]
    head = list(filter(None, ["### " + _("Webhooks"), notice, *troubles]))
    shown = "\n".join(fitting(lines, ROOM - sum(map(size, head)), MOST))
    return Reply(components=[Container(*map(Text, head), Separator(), Text(shown), colour=OWN)])


def line(item: dict) -> str:
    retired = item["retired"] == item["life"]
    small = [_("retired: set its URL again") if retired else "", escape(clip(item["post"], 50))]
    return "\n-# ".join(filter(None, [f"`{item['name']}`", " · ".join(filter(None, small))]))


def there(name: str, interaction, tools) -> None:
    """Raise UserError if the server has no webhook with this name."""
    if tools.data(WEBHOOK, interaction.guild_id).get(name) is None:
        raise UserError(_("There is no webhook with this name. `/webhook list` shows what there is."))


def require_known(target: tuple[str, str], tools) -> None:
    """Raise FieldError if Discord does not know the webhook with this id and token."""
    from watchbell.errors import DiscordError

    try:
        tools.discord.read_webhook(*target)
    except DiscordError as error:
        if not error.permanent:
            raise
        raise FieldError("url", _("Discord does not know this webhook. Copy its URL again.")) from None
