"""People read the bot in their language: in instant and deferred answers, forms, errors, and unasked messages."""

import pytest

from tests.discord_side import sealed
from tests.unit.test_acknowledge import NOW, Door
from tests.unit.test_followup import Worker, refused
from watchbell.errors import Unavailable
from watchbell.i18n import speaking
from watchbell.status import states


@pytest.mark.parametrize(
    ("locale", "guild_locale", "answer"),
    [
        ("de", "en-US", "Pong! Ich bin wach."),
        ("es-419", "de", "¡Pong! Estoy despierto."),
        ("fr", "ja", "Pong ! Je suis réveillé."),
        ("ja", "de", "ポン! 起きています。"),
        ("pl", "de", "Pong! Ich bin wach."),
        ("pl", "sv-SE", "Pong! I am awake."),
        ("en-GB", "de", "Pong! I am awake."),
        (None, "fr", "Pong ! Je suis réveillé."),
        (7, ["de"], "Pong! I am awake."),
    ],
)
def test_the_persons_language_comes_first_then_the_servers_then_english(locale, guild_locale, answer):
    door = Door()
    data = door.hear("command_ping", locale=locale, guild_locale=guild_locale)[1]["data"]
    assert data["content"] == answer
    assert door.hear("command_ping", locale="en-US")[1]["data"]["content"] == "Pong! I am awake."


def test_help_names_the_commands_as_the_persons_app_does():
    def hear(*options):
        data = {"name": "help", "type": 1, "options": list(options)}
        return Door().hear("command_help", locale="de", data=data)[1]["data"]

    text = hear()["embeds"][0]["description"]
    assert "`/hilfe`: Sieh, was ich kann" in text
    assert "`/status`: Sieh den Status der beobachteten Dienste" in text
    for typed in ("hilfe", "help", "/Hilfe"):
        (embed,) = hear({"name": "command", "type": 3, "value": typed})["embeds"]
        assert embed["title"] == "/hilfe"
        assert embed["fields"][0]["name"] == "befehl (freiwillig)"
    refusal = hear({"name": "command", "type": 3, "value": "tee"})["content"]
    assert refusal.startswith("Diesen Befehl habe ich nicht. Meine Befehle: ")
    assert {"/hilfe", "/ping", "/status"} <= set(refusal.rstrip(".").replace(",", "").split())


def test_the_names_that_are_offered_are_those_of_the_persons_app():
    option = {"name": "command", "type": 3, "value": "hil", "focused": True}
    data = {"name": "help", "type": 1, "options": [option]}
    assert Door().hear("autocomplete", locale="de", data=data)[1]["data"]["choices"] == [
        {"name": "hilfe", "value": "hilfe"}
    ]


def test_what_goes_wrong_is_told_in_the_persons_language():
    def hear(door, name="command_status", **changes):
        return door.hear(name, locale="de", **changes)[1]["data"]["content"]

    assert hear(Door(), data={"name": "nobody-wrote-this", "type": 1}).startswith("Das funktioniert nicht mehr.")
    assert hear(Door(Unavailable("SQS"))).startswith("Deine Anfrage ist nicht angekommen")
    expired = sealed("status:refresh:simple:prod", now=NOW - 100, seconds=10)
    data = {"custom_id": expired, "component_type": 2}
    assert hear(Door(), "component_refresh", data=data) == (
        "Das ist abgelaufen. Führe den Befehl noch einmal aus oder bitte das Team des Servers um eine neue Nachricht."
    )


def test_the_worker_answers_in_the_persons_language_too():
    ((_, message),) = Worker().work(locale="fr")
    assert message["embeds"][0]["description"] == "normal"
    assert [field["name"] for field in message["embeds"][0]["fields"]][:3] == ["CPU", "Mémoire", "Disque"]
    labels = [button["label"] for row in message["components"] for button in row["components"]]
    assert labels == ["Simple", "Détaillé", "Actualiser", "Aide"]


def test_a_refusal_and_a_failure_are_told_in_the_persons_language():
    worker = Worker(refused(400, 50035), None, refused(400, 50035))
    worker.work(locale="fr")
    assert worker.discord.calls[-1][1]["content"].startswith("Quelque chose s'est mal passé de mon côté")
    worker = Worker()
    worker.work(locale="ja", data={"name": "nobody-wrote-this", "type": 1})
    assert worker.discord.calls[-1][1]["content"].startswith("それはもう使えません")


def test_who_may_not_is_told_so_in_their_language(feature):
    feature(
        "secret",
        """
from watchbell import Command, Reply, operator

command = Command("secret", "Secrets", who=operator, instant=True)

@command.run
def secret(interaction):
    return Reply("x")
""",
    )
    door = Door()
    door.doorkeeper.tools.parameters = Nobody()
    door.doorkeeper.tools.settings = {"OPERATORS_PARAMETER": "operators"}
    data = {"name": "secret", "type": 1}
    assert door.hear("command_ping", locale="es-ES", data=data)[1]["data"]["content"] == (
        "Esto solo pueden usarlo quienes gestionan este bot."
    )


class Nobody:
    def find(self, name):
        return None


FORM = """
from watchbell import Command, Modal, Reply, Short, _, anyone

command = Command("form", "A form", who=anyone, instant=True)

class Form(Modal, title="Help"):
    about = Short("Memory", description="Refresh", placeholder="Simple", least=5)

@command.run
def form(interaction):
    return submit.open()

@command.modal
def submit(interaction, form: Form):
    return Reply(_("Still here."))
"""


def test_a_form_is_shown_and_corrected_in_the_persons_language(feature):
    feature("form", FORM)
    shown = Door().hear("command_ping", locale="de", data={"name": "form", "type": 1})[1]["data"]
    label = shown["components"][0]
    assert (shown["title"], label["label"], label["description"]) == ("Hilfe", "Speicher", "Aktualisieren")
    assert label["component"]["placeholder"] == "Einfach"

    def submit(text):
        answer = {"type": 18, "component": {"type": 4, "custom_id": "about", "value": text}}
        data = {"custom_id": shown["custom_id"], "components": [answer]}
        return Door().hear("modal", locale="de", data=data)[1]["data"]

    told = submit("abc")
    assert "- **Speicher**: mindestens 5 Zeichen; es sind 3." in told["content"]
    assert told["components"][0]["components"][0]["label"] == "Formular wieder öffnen"
    assert submit("enough")["content"] == "Immer noch da."


@pytest.mark.parametrize(
    ("more", "greeting"),
    [
        ({"guild": {"id": "1", "preferred_locale": "de"}}, "Hallo, ich bin Watchbell."),
        ({"guild": {"id": "1", "preferred_locale": "en-US"}}, "Hello, I am Watchbell."),
        ({"guild": None}, "Hello, I am Watchbell."),
        ({"guild": {"preferred_locale": ["de"]}}, "Hello, I am Watchbell."),
        ({"guild": {"preferred_locale": "de"}, "locale": "es-ES"}, "Hola, soy Watchbell."),
    ],
)
def test_whoever_installs_the_bot_is_greeted_in_their_language_or_their_servers(more, greeting):
    user = {"id": "80351110224678912", **({"locale": more.pop("locale")} if "locale" in more else {})}
    worker = Worker()
    event = {"type": "APPLICATION_AUTHORIZED", "data": {"user": user, **more}}
    worker.work("event_application_authorized", event=event)
    ((_, _, message, _),) = worker.discord.did("create")
    assert message["embeds"][0]["title"] == greeting


def test_the_count_of_monitors_by_state_has_the_plurals_of_the_language():
    def said(locale):
        with speaking(locale):
            return [states.counted(state, n) for state in ("down", "unknown") for n in (1, 2)]

    assert said("es-ES") == ["1 caído", "2 caídos", "1 sin datos", "2 sin datos"]
    assert said("en-US") == ["1 down", "2 down", "1 unknown", "2 unknown"]
