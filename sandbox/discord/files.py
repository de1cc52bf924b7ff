"""Files in messages: reads the parts of a multipart body and turns them into attachments."""

from __future__ import annotations

import re
from email.message import Message
from io import BytesIO
from itertools import count

from werkzeug.formparser import parse_form_data

from sandbox.discord.upload import Upload
from sandbox.discord.validation import Form, Json, Path, Refusal

MAX_FILE, MAX_FILES = 10 * 1024 * 1024, 10
SPOILER = 1 << 3
"""The flag of an attachment that is hidden until somebody clicks it."""

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_OTHER_NAMES = 1000  # the number of the first file whose part is not called files[n]
_PART = re.compile(r"files\[(0|[1-9]\d{0,2})\]")


def read_form(headers: Message, raw: bytes) -> tuple[dict[str, str], dict[int, Upload]]:
    """The fields of a form, and its files by number: the n of `files[n]`, or 1000 and up for any other name.

    Raises Refusal for a form that Discord does not accept.
    """
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": BytesIO(raw),
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(raw)),
    }
    try:
        _, fields, parts = parse_form_data(environ, silent=False)
    except ValueError as wrong:
        raise Refusal(400, 50035, f"Invalid Form Body: {wrong}") from None
    if stray := sorted(name for name in fields if _PART.fullmatch(name)):
        raise Refusal(400, 50035, f"Invalid Form Body: {', '.join(stray)} (a file needs a file name)")
    uploads: dict[int, Upload] = {}
    others = count(_OTHER_NAMES)
    for name, part in parts.items(multi=True):
        match = _PART.fullmatch(name)
        number, content = int(match[1]) if match else next(others), part.stream.read()
        if number in uploads:
            raise Refusal(400, 50035, f"Invalid Form Body: {name} occurs twice")
        if len(content) > MAX_FILE:
            raise Refusal(413, 40005, "Request entity too large")
        uploads[number] = Upload(part.filename or "", content, part.content_type or "")
    return fields.to_dict(), uploads


def read_attachments(form: Form, path: Path, given: object, before: list[Json]) -> list[Json]:
    """The attachments that the message will have.

    If `given` is None, they are those of `before` plus every uploaded file. Otherwise they are exactly the listed ones.
    A new attachment holds its Upload until the message is created.
    """
    if given is None:
        entries: list[Json] = [*before, *({"id": number} for number in form.uploads)]
    else:
        entries = [form.object((*path, i), each) for i, each in enumerate(form.array(path, given, 0, MAX_FILES))]
    kept, read = {each["id"]: each for each in before}, []
    for i, entry in enumerate(entries):
        at = (*path, i)
        form.object(at, entry, None if entry in before else ("id", "filename", "title", "description", "is_spoiler"))
        if str(entry.get("id")) in kept:
            read.append(kept[str(entry["id"])] | _described(form, at, entry))
        else:
            read.append(_new(form, at, entry))
    numbers = [each["number"] for each in read if "number" in each]
    if len(set(numbers)) < len(numbers):
        raise Refusal(400, 50035, "Invalid Form Body: two attachments refer to the same file")
    for number in form.uploads.keys() - {each["number"] for each in read if "number" in each}:
        form.ignore((f"files[{number}]",), "no attachment refers to it")
    if len(read) > MAX_FILES:
        raise Refusal(400, 30015, f"Maximum number of attachments in a message reached ({MAX_FILES})")
    return read


def _new(form: Form, path: Path, entry: Json) -> Json:
    number = str(entry.get("id"))
    upload = form.uploads.get(int(number)) if number.isdecimal() and len(number) < 5 else None
    if upload is None:
        raise Refusal(400, 50146, "Invalid file upload: an attachment refers to no uploaded file")
    name = entry.get("filename") or upload.name
    name = re.sub(r"[^\w.-]", "_", form.text((*path, "filename"), name, 1, 1024), flags=re.ASCII)
    hidden = form.boolean((*path, "is_spoiler"), entry.get("is_spoiler", False)) or name.startswith("SPOILER_")
    made: Json = {"number": int(number), "upload": upload, "filename": name, "flags": SPOILER if hidden else 0}
    return made | _described(form, path, entry)


def _described(form: Form, path: Path, entry: Json) -> Json:
    if entry.get("description") is None:
        return {}
    return {"description": form.text((*path, "description"), entry["description"], 0, 1024)}


def attachment(id: str, url: str, upload: Upload, more: Json) -> Json:
    """The attachment object of a stored file. `url` is the base of the CDN."""
    shown = {key: value for key, value in more.items() if key not in ("upload", "number")}
    shown = {"filename": upload.name, "flags": 0} | shown
    at = f"{url}/attachments/{id}/{shown['filename']}"
    return {
        "id": id,
        "size": len(upload.content),
        "url": at,
        "proxy_url": at,
        "content_type": upload.content_type,
    } | shown
