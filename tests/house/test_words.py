"""Every text for people is in the catalogue, is translated, and is within Discord's limits in every language."""

import ast
import re
import string
import warnings
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.discord_side import tools
from tests.unit.test_status import FULL, REASONS
from translations import texts
from translations.__main__ import main
from translations.texts import KEYWORDS
from watchbell import i18n as words
from watchbell.commands import help, ping, status
from watchbell.discord import check
from watchbell.discord.modal import broken_limits
from watchbell.discord.text import escape
from watchbell.errors import DefinitionError, InvalidReply, UserError
from watchbell.events.application_authorized import introduction
from watchbell.kit import catalogue
from watchbell.registration.declare import _size, declare
from watchbell.status import digest, figures
from watchbell.status.report import STATUSES, Report
from watchbell.testing import FakeTools, press, run

ROOT = Path(__file__).parents[2]

LANGUAGES = sorted(words.LOCALES)
ALL, NONE = slice(None), slice(0)
SPEAKING = {
    **dict.fromkeys(("Reply", "Embed", "Text", "Section", "Poll", "Button", "button", "UserError", "Wrong"), ALL),
    **dict.fromkeys(("tell", "private", "field"), ALL),
    **dict.fromkeys(("File", "Media", "Thumbnail"), NONE),
    **dict.fromkeys(("StringSelect", "UserSelect", "RoleSelect", "MentionableSelect", "ChannelSelect"), NONE),
    "FieldError": slice(1, None),  # The first is the field's name.
    "Option": slice(1),  # The second is the value.
}
"""Callable that shows texts to people -> the positional arguments that are texts."""
SHOWN = {"content", "title", "description", "footer", "author", "label", "placeholder", "question"}
"""Keyword arguments of these callables that are texts."""


@pytest.fixture(scope="module")
def template():
    """The texts of the code. If their translations are not up to date, the tests end with a warning."""
    found = texts.template()
    for shortcoming in texts.shortcomings(found):
        warnings.warn(f"{shortcoming}. {texts.REMEDY}", stacklevel=1)
    return found


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


def translated(language, template):
    """Return the translated texts. `make test` only warns about the others."""
    return [message for message in texts.bring_up_to_date(language, template) if message.id and all(said(message))]


def said(message):
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def meant(message):
    return message.id if isinstance(message.id, tuple | list) else (message.id,)


def names_in(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_a_file_for_each_language_and_no_other():
    assert sorted(path.stem for path in texts.FOLDER.glob("*.po")) == LANGUAGES
    assert sorted(path.stem for path in texts.COMPILED.iterdir()) == LANGUAGES


def test_a_text_that_nobody_translated_is_missing_and_one_that_nobody_says_is_dropped(template):
    untranslated = [message.id for message in texts.missing(texts.bring_up_to_date("de", template))]
    changed = texts.template()
    changed.add("Two sugars, please")
    changed.add(("{n} cup", "{n} cups"))
    changed.delete("Ask again")
    current = texts.bring_up_to_date("de", changed)
    added = ["Two sugars, please", ("{n} cup", "{n} cups")]
    assert [message.id for message in texts.missing(current)] == [*untranslated, *added]
    assert b"Ask again" not in texts.written(current)


@pytest.fixture
def translated_folder(tmp_path, monkeypatch):
    """`translated_folder(Tea="Tee")` returns a folder of catalogues for de and fr, with these translations."""
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    monkeypatch.setattr(texts, "COMPILED", tmp_path)
    monkeypatch.setattr(texts, "LOCALES", {"de": "de", "fr": "fr"})

    def fill(**translations):
        for language in texts.LOCALES:
            catalog = Catalog(language)
            for text, translation in translations.items():
                catalog.add(text, translation)
            (tmp_path / f"{language}.po").write_bytes(texts.written(catalog))
            (tmp_path / f"{language}.mo").write_bytes(texts.compiled(catalog))
        return tmp_path

    return fill


def catalog_of(*said):
    catalog = Catalog()
    for text in said:
        catalog.add(text)
    return catalog


def test_what_the_translations_lack_is_told_once_for_all_languages_that_lack_it(translated_folder):
    folder = translated_folder(Tea="Tee", Milk="Milch")
    assert texts.shortcomings(catalog_of("Tea", "Milk")) == []
    assert texts.shortcomings(catalog_of("Tea", "Cup", "Pot")) == ["de, fr: no translation of 'Cup', 'Pot'"]
    assert texts.shortcomings(catalog_of("Tea")) == ["de, fr: the .po file is not up to date with the code"]
    (folder / "fr.mo").write_bytes(b"")
    assert texts.shortcomings(catalog_of("Tea", "Milk")) == ["fr: the .mo file is not up to date with the .po file"]
    many = [f"Cup {number}" for number in range(12)]
    assert texts.shortcomings(catalog_of("Tea", "Milk", *many))[0].endswith("'Cup 8', 'Cup 9', 2 more")


def test_the_check_of_the_translations_fails_and_says_what_to_run(translated_folder, capsys):
    translated_folder(Tea="Tee")
    assert main(["--check"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("translations/ de, fr: no translation of ")
    assert "make translations" in told


def test_what_features_declare_is_among_the_texts(feature):
    feature(
        "tea",
        """
from watchbell import Annotated, Channel, ChannelPick, Choice, Command, Kinds
from watchbell import Modal, Names, Note, OneOf, Option, Reply, Short, permission

class Order(Modal, title="Order tea"):
    about = Note("Leaves only.")
    name = Short("Your name", description="As on the cup", placeholder="Ada")
    kind = OneOf("Which one", ["green", Option("Black tea", "black", description="Strong")])
    where = ChannelPick("Where to", Kinds("forum"))

command = Command("tea", "Have tea", who=permission("MANAGE_GUILD"))
pots = command.group("pot", "All about pots")

@pots.subcommand
def boil(
    interaction,
    tools,
    *,
    size: Annotated[Choice["s", "large"], Names({"s": "small"})],
    heat: Annotated[Choice[1, 2], Names({2: "boiling"})],
    room: Annotated[Channel, Kinds("voice")]
):
    \"\"\"Boil it.

    size: How large
    heat: How hot
    room: To drink in\"\"\"

@command.modal
def order(interaction, form: Order):
    return Reply(form.name)
""",
    )
    found = {(context, text) for file, context, text in texts.declared() if file == "commands/tea.py"}
    assert found == {
        *(("name", name) for name in ("tea", "pot", "boil", "size", "heat", "room")),
        *(("choice", name) for name in ("small", "large", "boiling")),
        ("permission", "Manage Server"),
        *(("kind of channel", name) for name in ("voice", "forum")),
        *(
            ("", text)
            for text in ("Have tea", "All about pots", "Boil it", "How large", "How hot", "Order tea", "Leaves only.")
        ),
        *(
            ("", text)
            for text in (
                "Your name",
                "As on the cup",
                "Ada",
                "Which one",
                "green",
                "Black tea",
                "Strong",
                "Where to",
                "To drink in",
            )
        ),
    }


def test_a_translation_has_the_places_of_the_english(language, template):
    for message in translated(language, template):
        allowed = set().union(*map(names_in, meant(message)))
        for text in said(message):
            assert names_in(text) <= allowed, f"{text!r} has places that {message.id!r} has not"
            if "n" not in allowed:  # the form for one may leave out the number
                assert names_in(text) == allowed, f"{text!r} leaves out places of {message.id!r}"


def test_a_command_in_a_translation_is_called_as_it_is_there(language, template):
    with words.speaking(language):
        shown = {words.pgettext("name", command.name) for command in catalogue.commands()}
    for message in translated(language, template):
        for text in said(message):
            named = set(re.findall(r"(?<![\w<{}*/])/(\w+)", text))  # not `*/15` of cron, nor the host of a URL
            assert named <= shown | {"s"}, f"no command of that name: {text!r}"


@pytest.mark.parametrize(
    "path", sorted(texts.CODE.rglob("*.py")), ids=lambda path: str(Path(path).relative_to(texts.CODE))
)
def test_no_text_for_people_is_written_where_only_english_speakers_read_it(path):
    assert unmarked(path.name, path.read_text()) == []


def unmarked(file, source):
    """Return a fault for each text for people that cannot be in the catalogue: its place, and what to write instead."""
    tree = ast.parse(source)
    found = [
        f"{file}:{call.lineno}: write it before the f-string, where Python 3.11 finds it too: {ast.unparse(call)}"
        for made in ast.walk(tree)
        if isinstance(made, ast.JoinedStr)
        for call in calls_in(made)
        if called(call) in KEYWORDS and any(map(words_in, call.args))
    ]
    for call in calls_in(tree):
        name = called(call)
        place = f"{file}:{call.lineno}"
        if name in SPEAKING:
            shown = [*call.args[SPEAKING[name]], *(each.value for each in call.keywords if each.arg in SHOWN)]
            marked = "_(), or in a form in N_()" if name == "Option" else "_()"
            found += [f"{place}: wrap it in {marked}: {ast.unparse(each)}" for each in shown if words_in(each)]
        if name in KEYWORDS:
            found += [
                f"{place}: write {{name}}, and name=… behind it: {ast.unparse(call)}"
                for each in call.args
                if is_made(each)
            ]
    return found


def calls_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def words_in(argument):
    """Return whether a text or an f-string contains words."""
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    written = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(re.search(r"[A-Za-z]{2,}", text.replace("```", "")) for text in written)


def is_made(argument):
    """Return whether a text is built at run time, so that it cannot be in a catalogue."""
    formatted = isinstance(argument, ast.Call) and getattr(argument.func, "attr", "") == "format"
    return formatted or isinstance(argument, ast.JoinedStr | ast.BinOp)


@pytest.mark.parametrize(
    "source",
    [
        *("Reply('Good day')", "Reply(f'Good {n}')", "FieldError('n', 'Too much')", "_(f'{n} cups')"),
        *("f'{_(\"Cups\")}'", "again.button('Again', sides=6)", "Option('Grey', 'secondary')"),
        *("Embed(_('Tea'), footer='Leaves only')", "UserSelect(placeholder='With whom?')"),
        "File('tea.png', b'', description='A cup')",
    ],
)
def test_a_text_that_is_not_in_the_catalogue_is_found(source):
    assert [fault[:10] for fault in unmarked("tea.py", f"x = {source}\n")] == ["tea.py:1: "]


@pytest.mark.parametrize(
    "source",
    [
        *("FieldError('name', _('Too much'))", "Option(N_('Grey'), 'secondary')", "Button(_('Go'), style='primary')"),
        *("Media('https://example.org/tea.png')", "File('tea.png', b'')", "Reply('🎲')", "Command('tea', 'Order tea')"),
    ],
)
def test_what_is_marked_declared_or_no_text_is_no_fault(source):
    assert unmarked("tea.py", f"x = {source}\n") == []


def test_the_examples_of_the_documents_are_written_for_every_language():
    found, examples = [], 0
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        text = document.read_text()
        for example in re.finditer(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            lines_before = text.count("\n", 0, example.start(1))
            found += unmarked(document.name, "\n" * lines_before + example[1])
            examples += 1
    assert found == []
    assert examples > 10


def test_no_two_commands_are_called_the_same_in_a_language(language):
    with words.speaking(language):
        shown = [(command.type, words.pgettext("name", command.name)) for command in catalogue.commands()]
    assert len(set(shown)) == len(shown)


class Sources:
    def __init__(self, reports):
        self.reports = reports

    def ask(self, name=""):
        return self.reports


def conversation(locale):
    """Yield the payloads of what the bot says in the language of `locale`."""
    unwell = [Report.parse(name, {**FULL, "status": name}) for name in STATUSES]
    unwell.append(Report.parse("vague", {"status": "heavy", "incident": {"id": "7"}}))
    failed = [Report.failed("down", reason) for reason, _ in REASONS]
    for reports in ([], unwell, failed, [Report.parse("x" * 60, FULL)] * 30):
        kit = FakeTools(sources=Sources(reports), source_names=list)
        for detailed in (False, True):
            yield run(status, tools=kit, detailed=detailed, locale=locale).message()
        yield digest.compose(reports, date(2026, 11, 24)).message()
    yield run(ping, locale=locale).message()
    yield press(ping.again, locale=locale).message()
    yield run(help, tools=FakeTools(flags=None), locale=locale).message()
    for command in catalogue.commands():
        if command.type == 1:
            yield run(help, tools=FakeTools(flags=None), command=command.name, locale=locale).message()
    with pytest.raises(UserError) as refused:
        run(help, tools=FakeTools(flags=None), command="nobody-wrote-this", locale=locale)
    yield {"content": str(refused.value)}
    yield introduction().message()


def test_all_that_the_bot_says_is_in_the_language_and_within_discords_limits(language, template):
    with words.speaking(language):
        heard = list(conversation(language))
    for payload in heard:
        check.require("message", tools().seals.seal(payload))
    english = [m.id for m in template if isinstance(m.id, str) and " " in m.id and not names_in(m.id) and not m.context]
    with words.speaking(language):
        ours = {text for text in english if words._(text) != text}  # "5 minutes" is French too
    assert any(text in str(list(conversation("en-US"))) for text in english)
    for payload in map(str, heard):
        assert [text for text in ours if text in payload] == []


@pytest.mark.parametrize("reason", [reason for reason, _ in REASONS], ids=lambda reason: reason.code)
def test_every_reason_is_told_with_its_values_in_every_language(language, reason):
    with words.speaking(language):
        told = figures.reason(reason)
    assert told != figures.reason(reason)
    for value in reason.values.values():
        assert escape(str(value)) in told


def test_every_form_is_within_discords_limits_in_every_language(language):
    with words.speaking(language):
        handlers = [h for command in catalogue.commands() for h in command.handlers]
        forms = [h.form for h in handlers if h.form and not h.makes_form]
        assert [fault for form in forms for fault in broken_limits(form)] == []


class Wordy:
    """A language in which every text is longer than Discord allows."""

    def gettext(self, text):
        return text + "." * 101

    def pgettext(self, context, text):
        return text if context != "name" else text + "_" * 33

    def ngettext(self, one, many, n):
        return self.gettext(many)


@pytest.fixture
def wordy(monkeypatch):
    monkeypatch.setitem(words._opened, "fr", Wordy())


def test_a_translation_that_breaks_a_limit_fails_where_it_is_declared(wordy, monkeypatch):
    with pytest.raises(DefinitionError, match=r"/help: help in fr must be 1-32 lower-case letters"):
        declare(help.command)
    monkeypatch.setattr(Wordy, "pgettext", lambda self, context, text: text)
    with pytest.raises(DefinitionError, match=r"/help: help in fr: its description must have 1-100 characters"):
        declare(help.command)


def test_two_options_may_not_have_the_same_name_in_a_language(wordy, monkeypatch):
    monkeypatch.setattr(Wordy, "gettext", lambda self, text: text)
    monkeypatch.setattr(Wordy, "pgettext", lambda self, context, text: "même" if context == "name" else text)
    with pytest.raises(DefinitionError, match=r"/status: status in fr: two of its options have the same name"):
        declare(status.command)


def test_a_translation_that_breaks_a_limit_fails_where_it_is_said(wordy, monkeypatch):
    monkeypatch.setattr("watchbell.testing.calls.declare", lambda command: {})
    with pytest.raises(InvalidReply, match=r"label: .* at most 80"):
        run(ping, locale="fr")


def test_a_long_translation_counts_towards_the_size_of_a_command(feature, wordy, monkeypatch):
    options = ", ".join(f"o{n}: str = ''" for n in range(25))
    lines = "\n    ".join(f"o{n}: {'x' * 99}" for n in range(25))
    source = "from watchbell import Command, anyone\ncommand = Command('tea', 'Tea', who=anyone)\n"
    source += f"@command.run\ndef tea(interaction, *, {options}):\n    '''Tea.\n\n    {lines}'''\n"
    monkeypatch.setattr(Wordy, "pgettext", lambda self, context, text: text)
    monkeypatch.setattr(Wordy, "gettext", lambda self, text: text)
    module = feature("tea", source)
    size = _size(declare(module.command))
    monkeypatch.setattr(Wordy, "gettext", lambda self, text: text + "y")
    assert _size(declare(module.command)) == size + 26
