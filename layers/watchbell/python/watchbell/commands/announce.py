"""/announce: post a text in the name of the bot, with roles that ring."""

from watchbell import (
    Annotated,
    Channel,
    Command,
    FieldError,
    Kinds,
    Modal,
    Paragraph,
    Reply,
    Role,
    UserError,
    _,
    permission,
)
from watchbell import role as role_of
from watchbell.kit import server

command = Command(
    "announce",
    "Post a text in a channel of this server",
    who=permission("MANAGE_GUILD") | role_of("admin"),
    private=True,
    contexts=("guild",),
)

MOST = 1900
"""Discord: a message has 2,000 characters. The mention of a role needs a few of them."""


class Words(Modal, title="Announcement"):
    text = Paragraph("Text", most=MOST)


@command.run(instant=True)
def announce(
    interaction,
    *,
    channel: Annotated[Channel, Kinds("text", "announcement", "thread")] | None = None,
    role: Role | None = None,
):
    """Write an announcement. It is posted when you submit it.

    channel: Where it is posted (default: the status channel)
    role: Mention this role
    """
    return post.open(channel=channel.id if channel else "", role=role.id if role else "")


@command.modal(instant=False, audit="announcement.post")
def post(interaction, tools, form: Words, *, channel: str, role: str):
    """Post what was written. If it cannot be posted, the person keeps the text, and reads what to change."""
    from watchbell.commands import subscribe

    guild_id = interaction.guild_id
    place = channel or tools.server_settings.of(guild_id)[server.status_channel]
    if not place:
        text = _("no status channel is chosen. Choose one with `/setup`, or give a `channel` to `/announce`.")
        raise FieldError("text", text)
    try:
        subscribe.require_place(place, tools)
        if role:
            subscribe.require_mentionable(role, guild_id, tools)
    except UserError as error:
        raise FieldError("text", str(error)) from None
    tools.notify(form.text, guild=guild_id, channel=place, mention=[role] if role else (), dedupe_key=interaction.id)
    return Reply(_("The announcement is on its way to {channel}.", channel=f"<#{place}>"))
