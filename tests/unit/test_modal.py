"""Forms as classes: the payload for Discord, the limits that a class must keep, and the values that are read back."""

import pytest

from tests import judge
from watchbell import (
    ChannelPick,
    Checkbox,
    Checkboxes,
    Files,
    FileTypes,
    FormError,
    Kinds,
    MentionablePick,
    Modal,
    Note,
    OneOf,
    Option,
    Paragraph,
    Radio,
    Role,
    RolePick,
    Short,
    SomeOf,
    User,
    UserPick,
)
from watchbell.discord import check, fields, modal
from watchbell.discord.custom_id import Address
from watchbell.discord.opening import Opening
from watchbell.errors import DefinitionError

RESOLVED = {
    "users": {"1": {"username": "ada"}, "2": {"username": "bob"}},
    "roles": {"7": {"name": "ops"}},
    "channels": {"5": {"name": "general", "type": 0}, "6": {"name": "voice", "type": 2}},
    "attachments": {
        "9": {"filename": "log.TXT", "content_type": "text/plain"},
        "8": {"filename": "cat.png", "content_type": "image/png"},
    },
}


class Apply(Modal, title="Apply"):
    intro = Note("We read **every** application.")
    why = Paragraph("Why do you want to join?", least=10, most=400, description="In a few sentences")
    name = Short("Your name", required=False, placeholder="Ada")
    team = OneOf("Team", ["red", Option("Blue ones", "blue", emoji="🔵", default=True)])
    agree = Checkbox("I keep secrets")


class People(Modal, title="People"):
    who = UserPick("Who", most=3)
    role = RolePick("Role", required=False)
    either = MentionablePick("Either", required=False, most=2)
    where = ChannelPick("Where", Kinds("text"), required=False, placeholder="A channel")


class Boxes(Modal, title="Boxes"):
    size = Radio("Size", ["small", "large"], required=False)
    extras = Checkboxes("Extras", ["cheese", "olives", "ham"], most=2)
    teams = SomeOf("Teams", ["a", "b", "c"], least=2, most=3, required=False)
    logs = Files("Logs", FileTypes(".txt", "image"), most=2, required=False)
    done = Checkbox("Done", default=True)


def shown(form, **values):
    data = Opening(form, Address("a", "b"), modal.prefill(form, values)).payload()
    data["custom_id"] = "x"
    judge.approve("callback", {"type": 9, "data": data})
    assert check.faults("modal", data) == []
    return data


def answered(form, **answers):
    """Return the data that Discord sends: each field is in its Label, and its value has the key of its kind."""
    fields = modal.fields(form)
    components = [{"type": 10, "id": 1}]
    for name, value in answers.items():
        inner = {"type": fields[name].kind, "id": 2, "custom_id": name, fields[name].key: value}
        components.append({"type": 18, "id": 3, "component": inner})
    return {"custom_id": "x", "components": components}


def read(form, **answers):
    return modal.read(form, answered(form, **answers), RESOLVED)


def faults(form, **answers):
    with pytest.raises(FormError) as error:
        read(form, **answers)
    return error.value.faults


# The payload for Discord


@pytest.mark.parametrize("form", [Apply, People, Boxes])
def test_every_form_is_one_that_discord_takes(form):
    shown(form)


def test_a_form_is_its_parts_in_their_order():
    data = shown(Apply)
    assert data["title"] == "Apply"
    assert data["components"][:3] == [
        {"type": 10, "content": "We read **every** application."},
        {
            "type": 18,
            "label": "Why do you want to join?",
            "description": "In a few sentences",
            "component": {"type": 4, "custom_id": "why", "style": 2, "min_length": 10, "max_length": 400},
        },
        {
            "type": 18,
            "label": "Your name",
            "component": {"type": 4, "custom_id": "name", "style": 1, "placeholder": "Ada", "required": False},
        },
    ]


def test_what_is_filled_in_beforehand_is_chosen_already():
    ada = User("1", {})
    fields = shown(Apply, why="Because I can", team="red", agree=True)["components"]
    assert fields[1]["component"]["value"] == "Because I can"
    assert [option.get("default", False) for option in fields[3]["component"]["options"]] == [True, False]
    assert fields[4]["component"]["default"] is True
    fields = shown(People, who=[ada, "2"], either=[Role("7", {}), ada])["components"]
    assert fields[0]["component"]["default_values"] == [{"id": "1", "type": "user"}, {"id": "2", "type": "user"}]
    assert fields[2]["component"]["default_values"] == [{"id": "7", "type": "role"}, {"id": "1", "type": "user"}]


def test_what_cannot_be_filled_in_is_a_mistake_of_the_author():
    with pytest.raises(TypeError, match="Apply has no field wy"):
        modal.prefill(Apply, {"wy": "x"})
    with pytest.raises(ValueError, match="'Team' has no option 'green'"):
        modal.prefill(Apply, {"team": "green"})
    with pytest.raises(ValueError, match="files"):
        modal.prefill(Boxes, {"logs": ["9"]})


def declare(title="Title", **parts):
    return type("Form", (Modal,), parts, title=title)


@pytest.mark.parametrize(
    ("parts", "limit"),
    [
        ({}, r"Form.components: 0; at least 1"),
        ({f"f{number}": Short("x") for number in range(6)}, r"Form.components: 6; at most 5"),
        ({"title": "x" * 46, "why": Short("Why")}, r"Form.title: 46 characters; at most 45"),
        ({"title": "", "why": Short("Why")}, r"Form.title: empty"),
        ({"why": Short("x" * 46)}, r"Form.why.label: 46 characters; at most 45"),
        ({"why": Short("")}, r"Form.why.label: empty"),
        ({"why": Short("x", description="x" * 101)}, r"Form.why.description: 101 characters; at most 100"),
        ({"why": Short("x", placeholder="x" * 101)}, r"Form.why.placeholder: 101 characters; at most 100"),
        ({"why": Short("x", most=4001)}, r"Form.why.max_length: 4001; must be 1 to 4000"),
        ({"why": Short("x", least=9, most=8)}, r"Form.why.min_length: 9, more than max_length \(8\)"),
        ({"team": OneOf("x", [])}, r"Form.team.options: 0; at least 1"),
        ({"team": OneOf("x", map(str, range(26)))}, r"Form.team.options: 26; at most 25"),
        ({"team": OneOf("x", ["a", "a"])}, r'Form.team.options\[1\].value: "a" is used twice'),
        ({"team": OneOf("x", ["y" * 101])}, r"Form.team.options\[0\].label: 101 characters; at most 100"),
        ({"team": SomeOf("x", ["a", "b"], most=3)}, r"Form.team.max_values: 3, but there are 2 options"),
        ({"team": SomeOf("x", ["a", "b"], least=2)}, r"Form.team.min_values: 2, more than max_values \(1\)"),
        ({"team": SomeOf("x", ["a", "b"], least=0)}, r"Form.team.min_values: 0, but the field is required"),
        ({"size": Radio("x", ["a"])}, r"Form.size.options: 1; at least 2"),
        ({"size": Radio("x", map(str, range(11)))}, r"Form.size.options: 11; at most 10"),
        ({"box": Checkboxes("x", map(str, range(11)))}, r"Form.box.options: 11; at most 10"),
        ({"who": UserPick("x", most=26)}, r"Form.who.max_values: 26; must be 1 to 25"),
        ({"logs": Files("x", most=11)}, r"Form.logs.max_values: 11; must be 1 to 10"),
        ({"logs": Files("x", FileTypes("txt"))}, r"Form.logs.file_types\[0\]"),
        ({"note": Note("x" * 4001)}, r"Form.note.content: 4001 characters; at most 4000"),
        ({"_why": Short("x")}, r"Form._why: the name of a field cannot start with _"),
        ({"x" * 101: Short("x")}, r"custom_id: 101 characters; at most 100"),
    ],
)
def test_a_limit_fails_the_class_by_its_name_the_field_and_the_limit(parts, limit):
    with pytest.raises(DefinitionError, match=limit):
        declare(**parts)


def test_a_form_can_extend_another():
    class Longer(Apply):
        pass

    assert list(modal.fields(Longer)) == ["why", "name", "team", "agree"]
    assert shown(Longer)["title"] == "Apply"


def test_any_name_is_free_for_a_field():
    form = declare(title="x", payload=Short("x"), read=Short("x"), open=Short("x"))
    assert read(form, payload="1", read="2", open="3").read == "2"


# The values that are read


def test_values_arrive_with_their_types():
    form = read(Apply, why="Because it is there", name="", team=["blue"], agree=True)
    assert isinstance(form, Apply)
    assert (form.why, form.name, form.team, form.agree) == ("Because it is there", "", "blue", True)
    people = read(People, who=["1", "2"], role=["7"], either=["7", "1"], where=["5"])
    assert [user.name for user in people.who] == ["ada", "bob"]
    assert [type(one) for one in people.either] == [Role, User]
    assert [channel.name for channel in people.where] == ["general"]
    boxes = read(Boxes, size=None, extras=["ham"], teams=["c", "a"], logs=["9", "8"], done=False)
    assert (boxes.size, boxes.extras, boxes.teams, boxes.done) == (None, ["ham"], ["c", "a"], False)
    assert [file.name for file in boxes.logs] == ["log.TXT", "cat.png"]


def test_what_need_not_be_answered_can_be_left_out():
    people = read(People, who=["1"])
    assert (people.role, people.either, people.where) == ([], [], [])
    boxes = read(Boxes, extras=["ham"], teams=[], size="large")
    assert (boxes.size, boxes.teams, boxes.logs, boxes.done) == ("large", [], [], False)


def test_values_in_old_action_rows_are_read_too():
    rows = [
        {"type": 1, "components": [{"type": 4, "custom_id": "why", "value": "Because it is there"}]},
        {"type": 18, "component": {"type": 3, "custom_id": "team", "values": ["red"]}},
    ]
    form = modal.read(Apply, {"components": rows}, {})
    assert (form.why, form.team) == ("Because it is there", "red")


def test_everything_that_is_wrong_is_said_at_once():
    found = faults(Apply, why="no", name="two\nlines", team=["green"], agree="yes")
    assert found == {
        "why": "at least 10 characters; it has 2.",
        "name": "one line only.",
        "team": "choose from the options in the form.",
        "agree": fields.OTHER_KIND,
    }


@pytest.mark.parametrize(
    ("form", "name", "value", "fault"),
    [
        (Apply, "why", "x" * 401, "at most 400 characters; it has 401."),
        (Apply, "why", "   ", fields.NEEDED),
        (Apply, "why", None, fields.NEEDED),
        (Apply, "why", 7, fields.OTHER_KIND),
        (Apply, "why", ["a"], fields.OTHER_KIND),
        (Apply, "team", [], fields.NEEDED),
        (Apply, "team", "red", fields.OTHER_KIND),
        (Apply, "team", [7], fields.OTHER_KIND),
        (Apply, "team", ["red", "blue"], "choose 1. You chose 2."),
        (People, "who", ["1", "1"], "choose each option only once."),
        (People, "who", ["3"], "this choice was not found. Please choose again."),
        (People, "who", [{"id": "1"}], fields.OTHER_KIND),
        (People, "role", ["1"], "this choice was not found. Please choose again."),
        (People, "where", ["6"], "choose a channel of this type: text."),
        (Boxes, "size", "huge", "choose from the options in the form."),
        (Boxes, "size", ["small"], fields.OTHER_KIND),
        (Boxes, "extras", ["ham", "cheese", "olives"], "choose 1 to 2. You chose 3."),
        (Boxes, "teams", ["a"], "choose 2 to 3. You chose 1."),
        (Boxes, "logs", ["1"], "the file did not arrive. Please upload it again."),
        (Boxes, "done", 1, fields.OTHER_KIND),
    ],
)
def test_a_client_can_send_anything(form, name, value, fault):
    assert faults(form, **{name: value})[name] == fault


def test_a_file_of_another_type_is_not_taken():
    data = answered(Boxes, extras=["ham"], logs=["8"])
    resolved = {"attachments": {"8": {"filename": "virus.exe", "content_type": "application/x-msdownload"}}}
    with pytest.raises(FormError) as error:
        modal.read(Boxes, data, resolved)
    assert error.value.faults == {"logs": "only files of these types: .txt, image."}


@pytest.mark.parametrize(
    "components",
    [
        None,
        "x",
        7,
        {},
        [None],
        [7],
        [[]],
        [{"type": 18}],
        [{"type": 18, "component": 7}],
        [{"type": 1}],
        [{"type": 99}],
    ],
)
def test_a_submission_of_another_shape_is_one_without_answers(components):
    with pytest.raises(FormError) as error:
        modal.read(Apply, {"components": components}, {})
    assert error.value.faults == {"why": fields.NEEDED, "team": fields.NEEDED}


@pytest.mark.parametrize("name", ["admin", "", None, 7, ["why"]])
def test_what_was_not_asked_is_a_fault_of_the_whole(name):
    data = answered(Apply, why="Because it is there", team=["red"])
    data["components"].append({"type": 18, "component": {"type": 4, "custom_id": name, "value": "1"}})
    with pytest.raises(FormError) as error:
        modal.read(Apply, data, {})
    assert error.value.faults == {"": modal.CHANGED}


def test_a_field_that_came_twice_or_as_another_kind_is_not_taken():
    data = answered(Apply, why="Because it is there", team=["red"])
    data["components"].append({"type": 1, "components": [{"type": 4, "custom_id": "why", "value": "x"}]})
    data["components"][2]["component"]["type"] = 23
    with pytest.raises(FormError) as error:
        modal.read(Apply, data, {})
    assert error.value.faults == {"": modal.CHANGED, "team": fields.OTHER_KIND}


def test_a_form_can_be_made_for_a_test():
    form = Apply(why="Because", team="red")
    assert (form.why, form.name, form.team, form.agree) == ("Because", "", "red", False)
    assert repr(form) == "Apply(why='Because', name='', team='red', agree=False)"
    with pytest.raises(TypeError, match="Apply has no field wy"):
        Apply(wy="Because")


# The values that are kept


def reopened(form, **answers):
    data = answered(form, **answers)
    kept = modal.unpacked(form, modal.packed(form, modal.keep(form, data, RESOLVED)))
    opening = Opening(form, Address("a", "b"), {})
    opening.kept = kept
    payload = opening.payload()
    payload["custom_id"] = "x"
    judge.approve("callback", {"type": 9, "data": payload})
    assert check.faults("modal", payload) == []
    return kept


def test_what_was_put_in_is_kept_right_or_wrong():
    assert reopened(Apply, why="no", name="", team=["red"], agree=True) == {"why": "no", "team": ["red"], "agree": True}
    assert reopened(People, who=["1", "2"], role=[], either=["7"]) == {"who": ["1", "2"], "either": ["R7"]}
    assert reopened(Boxes, size="large", extras=[], logs=["9"], done=False) == {
        "size": ["large"],
        "extras": [],
        "done": False,
    }


def test_what_a_form_could_not_show_is_not_kept():
    assert reopened(Apply, why="x" * 500, team=["green", 7], agree="yes") == {"why": "x" * 400, "team": []}
    assert reopened(People, who=["3", 7, "1"], where=["6"], role="x") == {"who": ["1"]}


def test_what_was_kept_of_an_older_form_is_not_filled_in():
    assert modal.unpacked(Apply, '["a","b"]') == {}
    assert modal.unpacked(Apply, '[true,"b",7,"yes"]') == {"name": "b"}
