"""People who use the bot: they run commands, press buttons, choose and submit, as Discord's client lets them."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import Any

from sandbox.discord import commands, components, exchange
from sandbox.discord.exchange import Exchange
from sandbox.discord.inputs import ATTACHMENTS, CHANNELS, ROLES, USERS, Inputs, NotPossible
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from sandbox.discord.permissions import ALL_PERMISSIONS, SEND_MESSAGES, USE_APPLICATION_COMMANDS
from sandbox.discord.state import State
from sandbox.discord.upload import Upload
from sandbox.discord.validation import Form, Json, Refusal
from sandbox.discord.world import Account, Channel, Guild, Role


@dataclass(repr=False)
class Person:
    """A person in a place: in a channel of a guild, or in the DM with the bot (`person.in_dm`)."""

    state: State
    account: Account
    guild: Guild | None
    channel: Channel

    @property
    def id(self) -> str:
        return self.account.user["id"]

    @property
    def name(self) -> str:
        return self.account.user["username"]

    def __str__(self) -> str:
        return f"@{self.name}"

    def __repr__(self) -> str:
        return f"{self} in {self.channel}"

    @property
    def in_dm(self) -> Person:
        """The same person in the DM with the bot."""
        return dataclasses.replace(self, guild=None, channel=self.state.world.dm(self.id))

    def in_channel(self, channel: Channel) -> Person:
        """The same person in another channel of one of their guilds."""
        return dataclasses.replace(self, guild=self.state.world.guilds[channel.guild_id or ""], channel=channel)

    @property
    def permissions(self) -> int:
        """What the person may do here, 0 if they do not see the channel. Administrators may do everything."""
        return self.state.world.permissions(self.id, self.channel)

    def sees(self, channel: Channel) -> bool:
        """Whether the person sees that channel or thread."""
        return self.state.world.sees(self.id, channel.id)

    def time_out(self, seconds: float) -> None:
        """A moderator times the person out: for so long they can only read."""
        assert self.guild
        self.guild.timeouts[self.id] = self.state.world.clock() + seconds

    def close_dms(self) -> None:
        """From now on, a DM from the bot gets 403/50007."""
        self.account.takes_dms = False

    def leave(self, guild: Guild) -> None:
        """Leave a guild. What channels and roles had for the person is gone, even if they come back."""
        guild.members.pop(self.id, None)
        for role in guild.all_roles():
            role.held_by.discard(self.id)
        for channel in self.state.world.channels.values():
            if channel.guild_id == guild.id:
                channel.overwrites.pop(self.id, None)

    def come_back(self, guild: Guild) -> None:
        guild.members[self.id] = 0

    def messages(self) -> list[Json]:
        """What the person sees here, oldest first, including their own ephemeral messages."""
        return list(self.state.world.in_channel(self.channel.id, self.id))

    # ---- acts

    def command(self, name: str, /, **options: Any) -> Exchange:
        """Run a slash command: "status", "incident open" or "group name sub". Raises NotPossible."""
        data, owners = self._command_data(name, options, None)
        said = " ".join(f"{key}:{value}" for key, value in options.items())
        return self.send(self.interaction(COMMAND, data, owners), f"runs /{name} {said}".rstrip())

    def menu(self, name: str, target: Person | Json, /) -> Exchange:
        """Use the entry `name` in the context menu ("Apps") of a person or a message. Raises NotPossible."""
        kind = commands.USER if isinstance(target, Person) else commands.MESSAGE
        command, owners = self._available(name, kind)
        resolved: Json = {}
        if isinstance(target, Person):
            there, target_id = self, self._resolve(target, resolved, (USERS,))
        else:
            shown = self._now(target)
            there, target_id = self._beside(shown), shown["id"]
            resolved["messages"] = {target_id: shown}
        data: Json = {"id": command["id"], "name": name, "type": kind, "target_id": target_id, "resolved": resolved}
        data |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        return there.send(there.interaction(COMMAND, data, owners), f"opens {name!r} on {target_id}")

    def typing(self, name: str, focused: str, /, **options: Any) -> Exchange:
        """Type into an option that has autocomplete. `options[focused]` is the text so far."""
        data, owners = self._command_data(name, options, focused)
        typed = f"types {options.get(focused, '')!r} into {focused} of /{name}"
        return self.send(self.interaction(AUTOCOMPLETE, data, owners), typed)

    def press(self, message: Json, button: str) -> Exchange:
        """Press the button with this label or custom id, on the message as it is now. Raises NotPossible."""
        there, shown, found = self._find(message, button, (components.BUTTON,))
        data = {"custom_id": found["custom_id"], "component_type": components.BUTTON, "id": found["id"]}
        return there._use(shown, data, f"presses [{found.get('label') or found['custom_id']}]")

    def choose(self, message: Json, select: str, *values: Any) -> Exchange:
        """Choose in the select with this placeholder or custom id. Values are people, roles, channels or texts.

        Raises NotPossible.
        """
        there, shown, found = self._find(message, select, components.SELECTS)
        data = {"custom_id": found["custom_id"], "component_type": found["type"], "id": found["id"]}
        inputs = Inputs(there._resolve)
        data["values"] = inputs.selected(found, values)
        if found["type"] != components.STRING_SELECT:
            data["resolved"] = inputs.resolved
        return there._use(shown, data, f"chooses {', '.join(map(str, data['values']))}")

    def submit(self, opened: Exchange, answers: dict[str, Any]) -> Exchange:
        """Submit the modal that `opened` holds. The keys of `answers` are custom ids. Raises NotPossible."""
        modal = copy.deepcopy(opened.modal)
        form = Form()
        fields = components.read_modal(form, (), modal)["components"]
        unknown = set(answers) - {each.get("custom_id") for each in components.every(fields)}
        if unknown:
            raise NotPossible(f"the modal has no field {', '.join(sorted(unknown))}")
        there = self._at(opened.body["channel_id"])
        inputs = Inputs(there._resolve)
        data = {"custom_id": modal["custom_id"], "components": [inputs.filled(f, answers) for f in fields]}
        if inputs.resolved:
            data["resolved"] = inputs.resolved
        before = opened.body
        more = {"message": before["message"]} if "message" in before else {}
        owners = before["authorizing_integration_owners"]
        return there.send(there.interaction(MODAL_SUBMIT, data, owners) | more, f"submits {modal['title']!r}")

    def say(self, content: str, *uploads: Upload) -> Json:
        """Post an ordinary message. Discord does not tell the bot about it. Raises NotPossible."""
        if self.guild and not self.permissions & SEND_MESSAGES:
            raise NotPossible(f"{self.name} may not write in {self.channel}")
        fields: Json = {"content": content, "embeds": [], "components": [], "flags": 0, "tts": False}
        fields |= {"pinged": {"parse": ["users", "roles"]}, "attachments": [{"upload": upload} for upload in uploads]}
        self.state.transcript.note(f"{self.name} says {content!r}")
        return self.state.world.post(self.channel.id, self.account.user, fields)

    def forge(self, body: Json | None = None) -> Exchange:
        """Send an interaction that is not signed with Discord's key. Only 401 is a correct response."""
        data = {"id": self.state.world.snowflake(), "name": "ping", "type": 1}
        body = body or self.interaction(COMMAND, data, self._owners([0, 1]))
        return exchange.forge(self.state, body, self.name)

    # ---- interactions

    def interaction(self, kind: int, data: Json | None, owners: Json | None = None) -> Json:
        """The interaction object that Discord would send for this person here. See "Interaction Object" in its docs."""
        world = self.state.world
        channel = world.channel_object(self.channel) | {"permissions": str(self.permissions)}
        body: Json = {
            "id": world.snowflake(),
            "application_id": world.application_id,
            "type": kind,
            "version": 1,
            "token": self.state.interactions.new_token(),
            "channel": channel,
            "channel_id": self.channel.id,
            "app_permissions": str(world.permissions(world.application_id, self.channel)),
            "locale": self.account.locale,
            "entitlements": [],
            "authorizing_integration_owners": owners if owners is not None else self._owners([0, 1]),
            "context": 0 if self.guild else 1,
            "attachment_size_limit": 10485760,
        }
        if data is not None:
            body["data"] = data
        if self.guild:
            member = self._member(self) | {"user": self.account.user, "deaf": False, "mute": False}
            guild = {"guild": self.guild.partial(), "guild_id": self.guild.id, "guild_locale": self.guild.locale}
            return body | guild | {"member": member}
        return body | {"user": self.account.user}

    def send(self, body: Json, said: str = "") -> Exchange:
        """Send an interaction as this person. The transcript shows it as "`name` `said`".

        Raises NotPossible if the person does not see the channel.
        """
        if not self.sees(self.channel):
            raise NotPossible(f"{self.name} does not see {self.channel}")
        return exchange.send(self.state, body, self.name, said)

    def _member(self, person: Person) -> Json:
        """A member object without its user, as in `resolved`."""
        held = person.guild.held(person.id) if person.guild else []
        member: Json = {"roles": held, "joined_at": "2024-01-01T00:00:00.000000+00:00", "nick": None, "avatar": None}
        permissions = person.permissions if person.guild else 0
        return member | {"flags": 0, "pending": False, "premium_since": None, "permissions": str(permissions)}

    def _owners(self, integration_types: list[int]) -> Json:
        """`authorizing_integration_owners`: who installed the app so that it can be used here."""
        owners: Json = {}
        in_guild = self.guild.has_bot if self.guild else self.state.world.shares_a_guild(self.id)
        if in_guild and 0 in integration_types:
            owners["0"] = self.guild.id if self.guild else "0"
        if self.account.installed_app and 1 in integration_types:
            owners["1"] = self.id
        return owners

    # ---- commands

    def _command_data(self, name: str, options: dict[str, Any], focused: str | None) -> tuple[Json, Json]:
        first, *rest = name.split()
        command, owners = self._available(first, commands.CHAT_INPUT)
        level = command.get("options", [])
        path: list[Json] = []
        for word in rest:
            below = next((o for o in level if o["name"] == word and o["type"] <= commands.SUB_COMMAND_GROUP), None)
            if below is None:
                raise NotPossible(f"/{first} has no subcommand {word}")
            path.append(below)
            level = below.get("options", [])
        if any(option["type"] <= commands.SUB_COMMAND_GROUP for option in level):
            raise NotPossible(f"/{name} needs one of its subcommands")
        inputs = Inputs(self._resolve)
        given = inputs.options(name, level, options, focused)
        for step in reversed(path):
            given = [{"name": step["name"], "type": step["type"], "options": given}]
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        data |= {"options": given} if given else {}
        data |= {"resolved": inputs.resolved} if inputs.resolved else {}
        data |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        return data, owners

    def registered(self, name: str, kind: int = commands.CHAT_INPUT) -> Json | None:
        """The command that is registered here under this name and type, or None. It may be forbidden to this person."""
        with self.state.world.lock:
            found = self.state.commands.all(self.guild.id) if self.guild else []
            found += self.state.commands.all()
        return next((c for c in found if (c["name"], c["type"]) == (name, kind)), None)

    def _available(self, name: str, kind: int) -> tuple[Json, Json]:
        """The command of this name and type, and who authorised it. Raises NotPossible if it cannot be used here."""
        command = self.registered(name, kind)
        if command is None:
            raise NotPossible(f"no command /{name} is registered here with type {kind}")
        if command.get("contexts") is not None and (0 if self.guild else 1) not in command["contexts"]:
            raise NotPossible(f"/{name} cannot be used in {'a server' if self.guild else 'a DM'}")
        owners = self._owners(command.get("integration_types") or [0])
        if not owners:
            raise NotPossible(f"the app is not installed here, so /{name} cannot be used")
        needed = command["default_member_permissions"]
        if self.guild and needed is not None:
            missing = int(needed) & ~self.permissions if int(needed) else self.permissions != ALL_PERMISSIONS
            if missing:
                raise NotPossible(f"{self.name} lacks the permissions for /{name}")
        if self.guild and not self.permissions & USE_APPLICATION_COMMANDS:
            raise NotPossible(f"{self.name} may not use commands in {self.channel}")
        if command["nsfw"] and self.guild and not self.channel.nsfw:
            raise NotPossible(f"/{name} is for age-restricted channels")
        return command, owners

    def _resolve(self, value: Any, resolved: Json, kinds: tuple[str, ...]) -> str:
        """The id of a person, role, channel or file. Its object is added to `resolved`."""
        value = self.known(value) if isinstance(value, str) else value
        if isinstance(value, Person) and USERS in kinds:
            resolved.setdefault("users", {})[value.id] = value.account.user
            if self.guild and value.id in self.guild.members:
                there = dataclasses.replace(value, guild=self.guild)
                resolved.setdefault("members", {})[value.id] = self._member(there)
            return value.id
        if isinstance(value, Role) and ROLES in kinds and self.guild and value.id in self.guild.roles:
            resolved.setdefault("roles", {})[value.id] = value.shown()
            return value.id
        if isinstance(value, Upload) and ATTACHMENTS in kinds:
            kept = self.state.world.keep(value, {"ephemeral": True})
            resolved.setdefault("attachments", {})[kept["id"]] = kept
            return kept["id"]
        if isinstance(value, Channel) and CHANNELS in kinds:
            world = self.state.world
            if not self.sees(value):
                raise NotPossible(f"{self.name} does not see {value}")
            shown = world.channel_object(value) | {"permissions": str(world.permissions(self.id, value))}
            bot = world.permissions(world.application_id, value)
            resolved.setdefault("channels", {})[value.id] = shown | {"app_permissions": str(bot)}
            return value.id
        raise NotPossible(f"only {' or '.join(kinds)} can be chosen here, not {value}")

    def known(self, id: Any) -> Any:
        """The person, role or channel with this id, as in a default value. Otherwise the id itself."""
        world = self.state.world
        if id in world.accounts:
            return dataclasses.replace(self, account=world.accounts[id])
        return (self.guild.roles.get(id) if self.guild else None) or world.channels.get(id) or id

    # ---- components

    def _use(self, message: Json, data: Json, said: str) -> Exchange:
        owners = message.get("interaction_metadata", {}).get("authorizing_integration_owners")
        return self.send(self.interaction(COMPONENT, data, owners) | {"message": message}, said)

    def _find(self, message: Json, name: str, kinds: tuple[int, ...]) -> tuple[Person, Json, Json]:
        """The person at the message, the message as it is now, and its component with this name."""
        shown = self._now(message)
        there = self._beside(shown)
        offered = [each for each in components.every(shown["components"]) if each["type"] in kinds]
        found = [each for each in components.called(shown["components"], name) if each["type"] in kinds]
        if len(found) != 1:
            labels = ", ".join(str(c.get("label") or c.get("placeholder") or c.get("custom_id")) for c in offered)
            raise NotPossible(f"{len(found)} components are called {name!r}; the message has: {labels or 'none'}")
        if found[0].get("disabled"):
            raise NotPossible(f"{name!r} is disabled")
        if not components.interactive(found[0]):
            raise NotPossible(f"{name!r} sends no interaction: it is a link or a premium button")
        return there, shown, found[0]

    def _now(self, message: Json) -> Json:
        try:
            return self.state.world.message(message["id"])
        except Refusal:
            raise NotPossible("the message is gone") from None

    def _beside(self, message: Json) -> Person:
        """The same person at the message. Raises NotPossible if they cannot see it."""
        if self.state.world.private_to.get(message["id"], self.id) != self.id:
            raise NotPossible(f"{self.name} does not see that message")
        return self._at(message["channel_id"])

    def _at(self, channel_id: str) -> Person:
        """The same person in that channel. Raises NotPossible if they cannot see it."""
        channel = self.state.world.channels[channel_id]
        guild = self.state.world.guilds.get(channel.guild_id or "")
        if not (self.sees(channel) if guild else channel.recipient_id == self.id):
            raise NotPossible(f"{self.name} does not see that channel")
        return dataclasses.replace(self, guild=guild, channel=channel)
