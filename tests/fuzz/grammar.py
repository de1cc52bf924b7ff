"""Hypothesis strategies for requests that Discord may send, and for damage to them.

This module does not import the library. It reads words from the features' files, and takes custom ids from the bot's
answers.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests import recorded

LIBRARY = Path(__file__).parents[2] / "layers/watchbell/python/watchbell"
Draw = st.DrawFn
Json = Any


def _words(folder: str) -> dict[str, list[str]]:
    """Return {file name: names and short texts in the file}. Parameters come twice, so they are drawn more often."""
    words = {}
    for path in sorted((LIBRARY / folder).rglob("[a-z]*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        short = {word for word in functions | parameters | texts if 0 < len(word) <= 40}
        words[path.stem] = [*sorted(short), *sorted(parameters)]
    return words


COMMANDS, EVENTS = _words("commands"), _words("events")
WORDS = sorted({word for words in COMMANDS.values() for word in words})
HARVESTED: list[str] = []
"""Custom ids from the bot's own answers."""


def harvest(payload: Json) -> None:
    """Keep the custom ids in an answer."""
    if isinstance(payload, dict):
        if isinstance(payload.get("custom_id"), str) and payload["custom_id"] not in HARVESTED:
            HARVESTED.append(payload["custom_id"])
        harvest(list(payload.values()))
    elif isinstance(payload, list):
        for part in payload:
            harvest(part)


NASTY = [
    *("", " ", "\x00", "\n", "\ud800", "\udfff\ud800", "\ufeff", "\u202e", "́" * 50, "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ß", "İ", "ﬀ"),
    *("@everyone", "<@&1>", "<@1>", "</a:1>", "[x](http://x)", "```", "`", "||", "../../os", "__init__", "__class__"),
    *("%", "%3A", "%253A", ":", "::::", "None", "true", "NaN", "-0", "1e999", "９", "٣", "{0}", "%s", "{}", "\\", '"'),
    *("x" * 100, "x" * 101, "x" * 2001, "\u0000" * 4001, "😀" * 2000),
]

texts = st.one_of(st.sampled_from(NASTY), st.sampled_from(WORDS), st.text(max_size=12))
snowflakes = st.integers(0, 2**64 - 1).map(str)
integers = st.one_of(st.integers(-5, 50), st.integers(-(2**53), 2**53), st.sampled_from([2**63, -(2**63) - 1, 10**400]))
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), integers)
scalars = st.one_of(st.none(), st.booleans(), integers, numbers, texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)

OPTION_VALUES = {
    **{3: texts, 4: integers, 5: st.booleans(), 10: numbers},
    **dict.fromkeys((6, 7, 8, 9, 11), snowflakes),
}
PLACES = [
    {key: recorded.load(name)[key] for key in keys}
    for name, keys in (
        ("command_status", ("guild_id", "guild", "channel_id", "channel", "member", "app_permissions", "guild_locale")),
        ("component_in_dm", ("channel_id", "channel", "user")),
    )
]


@st.composite
def options(draw: Draw, words: list[str], depth: int = 2, focused: bool = False) -> list[Json]:
    """A command's options: values, or one subcommand or group that contains them."""
    if depth and draw(st.integers(0, 5)) == 5:
        inner = draw(options(words, depth - 1, focused))
        return [{"name": draw(st.sampled_from(words)), "type": depth, "options": inner}]
    found: list[Json] = []
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.one_of(st.sampled_from(words), texts))
        kind = draw(st.sampled_from([*OPTION_VALUES, 12, 99]))
        found.append({"name": name, "type": kind, "value": draw(OPTION_VALUES.get(kind, anything))})
    if focused and found:
        found[draw(st.integers(0, len(found) - 1))].update(focused=True, value=draw(texts))
    return found


@st.composite
def resolved(draw: Draw) -> Json:
    kinds = draw(st.sets(st.sampled_from(["users", "members", "roles", "channels", "messages", "attachments", "new"])))
    return {kind: {draw(snowflakes): {"id": draw(snowflakes), "name": draw(texts)}} for kind in sorted(kinds)}


@st.composite
def commands(draw: Draw, focused: bool = False) -> Json:
    name = draw(st.sampled_from(sorted(COMMANDS)) if draw(st.integers(0, 9)) < 9 else texts)
    kind = draw(st.sampled_from([1] * 12 + [2, 3, 4, 99]))
    data: Json = {"id": draw(snowflakes), "name": name, "type": kind}
    if kind in (2, 3):
        data["target_id"] = draw(snowflakes)
    given = draw(options(COMMANDS.get(name, WORDS), focused=focused))
    if given or draw(st.booleans()):
        data["options"] = given
    if draw(st.integers(0, 4)) == 4:
        data["resolved"] = draw(resolved())
    return data


@st.composite
def custom_ids(draw: Draw) -> str:
    """Custom ids that the bot made, damaged ones, and invented ones."""
    if HARVESTED and draw(st.booleans()):
        known = draw(st.sampled_from(HARVESTED))
        cut = draw(st.integers(0, len(known)))
        return draw(st.sampled_from([known, known[:cut], known + ":", known[:cut] + draw(texts) + known[cut:]]))
    name = draw(st.sampled_from(sorted(COMMANDS)))
    parts = draw(st.lists(st.one_of(st.sampled_from(COMMANDS[name]), texts), max_size=4))
    return ":".join([name, *parts])


@st.composite
def components(draw: Draw) -> Json:
    kind = draw(st.sampled_from([2, 2, 2, 3, 5, 6, 7, 8, 1, 99]))
    data: Json = {"custom_id": draw(custom_ids()), "component_type": kind, "id": draw(st.integers(1, 40))}
    if kind != 2:
        data["values"] = draw(st.lists(st.one_of(snowflakes, texts), max_size=3))
        data["resolved"] = draw(resolved())
    return data


@st.composite
def fields(draw: Draw) -> Json:
    """The value of one field of a modal."""
    kind = draw(st.sampled_from([4, 4, 3, 5, 6, 7, 8, 19, 21, 22, 23, 99]))
    field: Json = {"type": kind, "id": draw(st.integers(1, 40)), "custom_id": draw(st.one_of(custom_ids(), texts))}
    if kind in (3, 5, 6, 7, 8, 19, 22):
        field["values"] = draw(st.lists(st.one_of(snowflakes, texts), max_size=3))
    else:
        field["value"] = draw({4: texts, 21: st.none() | texts, 23: st.booleans()}.get(kind, anything))
    return field


@st.composite
def modals(draw: Draw) -> Json:
    """Modals with labels, texts, and the action rows that Discord used before labels."""
    rows: list[Json] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([18, 18, 1, 10, 99]))
        held = {18: ("component", fields()), 1: ("components", st.lists(fields(), max_size=2))}.get(kind)
        rows.append({"type": kind, "id": draw(st.integers(1, 40)), **({held[0]: draw(held[1])} if held else {})})
    data = {"custom_id": draw(custom_ids()), "components": rows}
    return {**data, "resolved": draw(resolved())} if draw(st.integers(0, 4)) == 4 else data


DATA = {2: commands(), 3: components(), 4: commands(focused=True), 5: modals()}


@st.composite
def interactions(draw: Draw) -> Json:
    """Interactions of every type, and of types that do not exist yet."""
    kind = draw(st.sampled_from([2] * 7 + [3] * 7 + [4] * 2 + [5] * 3 + [1, 0, 6, 99, -1]))
    interaction: Json = {
        "id": draw(snowflakes),
        "application_id": recorded.load("ping")["application_id"],
        "type": kind,
        "version": 1,
        "token": draw(st.sampled_from(["aW50ZXJhY3Rpb24", "x" * 250])),
        "entitlements": [],
        "context": draw(st.sampled_from([0, 0, 1, 2, 99])),
        "locale": draw(st.sampled_from(["en-GB", "de", "xx", "zh-TW", ""])),
        "authorizing_integration_owners": draw(st.sampled_from([{}, {"0": "0"}, {"0": "1", "1": "2"}, {"7": None}])),
        **draw(st.sampled_from(PLACES)),
    }
    if kind != 1:
        interaction["data"] = draw(DATA.get(kind, anything.filter(lambda data: isinstance(data, dict))))
    if kind == 3 or (kind == 5 and draw(st.booleans())):
        interaction["message"] = recorded.load("component_refresh")["message"]
    return interaction


@st.composite
def events(draw: Draw) -> Json:
    known = [name.upper() for name in EVENTS]
    inner: Json = {
        "type": draw(st.one_of(st.sampled_from([*known, "ENTITLEMENT_CREATE", "APPLICATION_DEAUTHORIZED"]), texts)),
        "timestamp": "2026-11-22T08:00:00.000000",
    }
    if draw(st.booleans()):
        inner["data"] = draw(
            st.one_of(st.just(recorded.load("event_application_authorized")["event"]["data"]), anything)
        )
    return {"version": 1, "application_id": draw(snowflakes), "type": 1, "event": inner}


HOLE = "@@hole@@"
"""A placeholder for raw text that `json.dumps` cannot write."""
RAW = ["NaN", "Infinity", "1" * 5000, "1e999", "-0.0", '"\\ud800"', '{"a":1,"a":2}', "{", "'x'", ""]
GARBAGE = [b"", b"null", b"[]", b"{}", b"0", b'"x"', b"true", b"NaN", b"[" * 100_000, b'{"a":' * 100_000]
BAD_BYTES = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00", b"\xef\xbb\xbf", b"\xe2\x82", b"\\"]


def _places(value: Json, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return `found` with every (container, key) in `value` added."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        _places(value[key], found)
    return found


@st.composite
def damaged(draw: Draw, sound: st.SearchStrategy[Json]) -> bytes:
    """A request's body with faults: a wrong type, a missing part, too much depth or size, or broken bytes."""
    payload = json.loads(json.dumps(draw(sound)))
    raw = ""
    for _ in range(draw(st.integers(1, 3))):
        places = _places(payload, [])
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        harm = draw(st.integers(0, 11))
        if harm <= 5:
            holder[key] = draw(anything)
        elif harm <= 7:
            del holder[key]
        elif harm == 8:
            holder[key] = draw(st.sampled_from([[holder[key]], {"value": holder[key]}, str(holder[key])]))
        elif harm == 9:
            holder[key], raw = HOLE, draw(st.sampled_from(RAW))
        elif harm == 10:
            holder[key], raw = HOLE, draw(nests())
        else:
            holder[key] = "x" * draw(st.sampled_from([5_000, 5_000, 70_000, 1_100_000]))
    text = json.dumps(payload, ensure_ascii=draw(st.booleans())).replace(json.dumps(HOLE), raw)
    body = text.encode("utf-8", "surrogatepass")
    return draw(torn(body)) if draw(st.integers(0, 4)) == 4 else body


@st.composite
def nests(draw: Draw) -> str:
    depth = draw(st.one_of(st.integers(1, 1_500), st.sampled_from([5_000, 20_000, 100_000])))
    left, right = draw(st.sampled_from([("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")]))
    return left * depth + "0" + right * depth


@st.composite
def torn(draw: Draw, body: bytes) -> bytes:
    """Bodies with damaged bytes: cut, reordered, encoded otherwise, or replaced."""
    at = draw(st.integers(0, len(body)))
    harm = draw(st.integers(0, 4))
    if harm == 0:
        return body[:at]
    if harm == 1:
        return body[:at] + draw(st.sampled_from(BAD_BYTES)) + body[at:]
    if harm == 2:
        return body.decode("utf-8", "replace").encode(draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-32-le"])))
    if harm == 3:
        return body[at:] + body[:at]
    return draw(st.sampled_from(GARBAGE))
