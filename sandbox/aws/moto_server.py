"""moto's server, with three fixes, shortcuts and faults.

The fixes: DynamoDB's conditional writes are atomic, SQS refuses a delay that is too long, and EventBridge brings events
to queues by the sandbox's own patterns. moto checks a condition and writes in two steps. Between them another thread
can run, so two callers both win a claim.

The shortcuts only save time: moto is most of what a test in the sandbox waits for.

`POST /faults` with `{"action": "UpdateItem", "text": "interaction#", "after": true, "times": 1}` makes the next
calls of the action whose body contains the text fail with a 500. With `after`, the call takes effect all the same, but
its answer is lost. `GET /faults` returns how many calls will still fail, and `DELETE /faults` drops them.

`GET /queues` returns, by name, how many messages of each queue can be received now and how many later. It is much
quicker than GetQueueAttributes for each queue.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from moto.core import responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

from sandbox.event_pattern import compiled
from sandbox.template import ACCOUNT, REGION

_dynamodb = threading.Lock()
# moto searches its folders and all its URL patterns for each call.
DomainDispatcherApplication.get_backend_for_host = cache(DomainDispatcherApplication.get_backend_for_host)
# moto's Parameter Store reads all types of EC2 instances when it is imported, which takes longer than all the rest.
sys.modules["moto.ec2"] = ModuleType("moto.ec2", "Nothing of EC2: nobody here asks for it.")
sys.modules["moto.ec2"].__dict__["ec2_backends"] = {}
# moto looks at all attributes of the class of a service for each call.
responses.method_names_from_class = cache(responses.method_names_from_class)
_moto = DomainDispatcherApplication(create_backend_app)
_faults: list[dict[str, Any]] = []


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/faults":
        with _dynamodb:
            return _control(environ["REQUEST_METHOD"], _body(environ), start_response)
    if environ["PATH_INFO"] == "/queues":
        return _json(queues(), start_response)
    if environ["PATH_INFO"] == "/empty":
        with _dynamodb:
            return _json(empty(), start_response)
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
        with _dynamodb:
            fault = _next_fault(environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2], _body(environ).decode())
            if fault is None:
                return list(_moto(environ, start_response))
            if fault["after"]:
                list(_moto(environ, lambda *_: None))
            start_response("500 Internal Server Error", [("Content-Type", "application/x-amz-json-1.0")])
            return [b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}']
    answer: Iterable[bytes] = _moto(environ, start_response)
    return answer


class Handler(WSGIRequestHandler):
    """Keeps connections open, as AWS does, and logs only errors of the server."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


def refuse_long_delays() -> None:
    """Make SendMessage take only the delays that SQS takes: 0 to 900 seconds."""
    from moto.sqs import exceptions, models

    send = models.SQSBackend.send_message

    def send_message(*given: Any, delay_seconds: Any = None, **more: Any) -> Any:
        if delay_seconds is not None and not 0 <= int(delay_seconds) <= 900:
            raise exceptions.InvalidParameterValue(f"Value {delay_seconds} for parameter DelaySeconds is invalid.")
        return send(*given, delay_seconds=delay_seconds, **more)

    models.SQSBackend.send_message = send_message


def look_at_few_nodes() -> None:
    """Parse each update once, go through its tree once for each check, and ask once for each kind of node what it is.

    moto checks the whole tree again below each node of it, and Python is slow to tell the kind of an abstract class.
    The checks change their own copy of the tree.
    """
    from moto.dynamodb.parsing import ast_nodes, expressions, validators

    is_kind: Callable[[type, Any], bool] = cache(issubclass)

    def traverse(self: Any, node: Any, child_id: int = -1) -> Any:
        if not is_kind(type(node), ast_nodes.Node):
            return node
        for number, child in enumerate(node.children or ()):
            self.pre_processing_of_child(node, number)
            self.traverse_node_recursively(child, number)
        processors = self.__dict__.get("processors")
        if processors is None:
            processors = self.processors = tuple(self._processing_map().items())
        for kind, process in processors:
            if is_kind(type(node), kind):
                parent = node.parent
                node = process(node)
                node.parent = parent
                if parent:
                    parent.children[child_id] = node
                break
        return node

    def copied(node: Any, memo: Any) -> Any:
        twin = copy(node)
        if node.children is not None:
            twin.children = [
                copied(each, memo) if is_kind(type(each), ast_nodes.Node) else each for each in node.children
            ]
            for each in twin.children:
                if is_kind(type(each), ast_nodes.Node):
                    each.parent = twin
        return twin

    expressions.UpdateExpressionParser.make = lru_cache(1000)(expressions.UpdateExpressionParser.make)
    ast_nodes.Node.__deepcopy__ = copied
    ast_nodes.isinstance = lambda value, kinds: is_kind(type(value), kinds)
    ast_nodes.DepthFirstTraverser.traverse_node_recursively = traverse
    for of_whole in (validators.ActionCountValidator, validators.OverlappingPathsValidator):
        of_whole.traverse = lambda self, node: self.process(node)


def look_at_few_items() -> None:
    """Make DynamoDB's queries look at the items of their range, and its transactions copy only their own items.

    moto looks at the whole table, and copies it, so that each call takes longer the longer the server runs.
    """
    from moto.dynamodb.models import DynamoDBBackend, DynamoType, Table

    query, transact = Table.query, DynamoDBBackend.transact_write_items

    def of_range(table: Any, hash_key: Any, comparison: str | None, values: list[Any], *given: Any, **more: Any) -> Any:
        items = table.items.get(hash_key, {})
        if comparison:
            keys = sorted(items, key=lambda key: key.cast_value)
            fit = [number for number, key in enumerate(keys) if key.compare(comparison, values)]
            # With a neighbour on each side, so that moto can say that there are more items.
            items = {key: items[key] for key in keys[max(0, fit[0] - 1) : fit[-1] + 2]} if fit else {}
        part = copy(table)
        part.items = {hash_key: items} if items else {}
        return query(part, hash_key, comparison, values, *given, **more)

    def of_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        keys: dict[str, set[tuple[Any, Any]]] = {}
        for each in transact_items:
            asked = next(iter(each.values()))
            table = backend.get_table(asked["TableName"])
            key = asked.get("Key") or asked["Item"]
            named = DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr])
            keys.setdefault(table.name, set()).add(named)
        tables = {name: backend.tables[name] for name in keys}
        for name, table in tables.items():
            part = copy(table)
            part.items = defaultdict(dict)
            for hash_key, range_key in keys[name]:
                if range_key in table.items.get(hash_key, {}):
                    part.items[hash_key][range_key] = deepcopy(table.items[hash_key][range_key])
            backend.tables[name] = part
        try:
            transact(backend, transact_items)
            for name, table in tables.items():
                for hash_key, range_key in keys[name]:
                    item = backend.tables[name].items.get(hash_key, {}).get(range_key)
                    if item is None:
                        table.items[hash_key].pop(range_key, None)
                    else:
                        table.items[hash_key][range_key] = item
        finally:
            backend.tables.update(tables)

    Table.query, DynamoDBBackend.transact_write_items = of_range, of_items


def bring_events_to_queues() -> None:
    """Put an event into the queue of each rule that matches it, as AWS writes it.

    moto does it only with another package, and adds a field that AWS does not have.
    """
    from moto.events import models

    def send_to_targets(rule: Any, event: dict[str, Any], transform_input: bool = True) -> None:
        whole = {name: value for name, value in event.items() if name != "ingestion-time"}
        if compiled(json.loads(rule.event_pattern.dump()))(whole):
            for target in rule.targets:
                rule._send_to_sqs_queue(target["Arn"].rpartition(":")[2], dict(whole))

    models.Rule.send_to_targets = send_to_targets


def queues() -> dict[str, tuple[int, int]]:
    """The messages of each queue that can be received now, and the ones in flight or delayed."""
    from moto.sqs.models import sqs_backends

    found = {}
    for queue in list(sqs_backends[ACCOUNT][REGION].queues.values()):
        everything, now = list(queue._messages), 0
        for message in everything:
            now += message.visible and not message.delayed
        found[queue.name] = now, len(everything) - now
    return found


def empty() -> dict[str, list[dict[str, Any]]]:
    """Delete all items, messages and parameters. Return the items of each table."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.sqs.models import sqs_backends
    from moto.ssm.models import ssm_backends

    left = {}
    for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
        left[table.name] = [item.to_json()["Attributes"] for item in table.all_items()]
        table.items.clear()
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        queue._messages, queue._pending_messages = [], set()
    ssm_backends[ACCOUNT][REGION]._parameters.clear()
    return left


def _body(environ: dict[str, Any]) -> bytes:
    """Read the body, and leave it for the next reader."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _control(method: str, body: bytes, start_response: Callable[..., Any]) -> list[bytes]:
    if method == "POST":
        _faults.append(json.loads(body))
    elif method == "DELETE":
        _faults.clear()
    return _json(sum(fault["times"] for fault in _faults), start_response)


def _json(value: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value, default=lambda binary: base64.b64encode(binary).decode()).encode()]


def _next_fault(action: str, body: str) -> dict[str, Any] | None:
    """The first fault for this call. It counts as used."""
    for fault in _faults:
        if fault["action"] == action and fault["text"] in body:
            fault["times"] -= 1
            if not fault["times"]:
                _faults.remove(fault)
            return fault
    return None


def follow_clock(file: str) -> None:
    """Make visibility timeouts and delays follow the sandbox's clock. `file` holds the clock's offset."""
    from moto.sqs import models

    clock = os.open(file, os.O_RDONLY)

    def turned() -> float:
        return time.time() + float(os.pread(clock, 32, 0))

    wait = models.Queue.wait_for_messages
    # Wait for short times only, so that a turn of the clock is noticed.
    models.Queue.wait_for_messages = lambda queue, seconds: wait(queue, min(seconds, 0.05))
    models.unix_time = turned
    models.unix_time_millis = lambda: turned() * 1000


if __name__ == "__main__":
    refuse_long_delays()
    bring_events_to_queues()
    look_at_few_nodes()
    look_at_few_items()
    if "SANDBOX_CLOCK" in os.environ:
        follow_clock(os.environ["SANDBOX_CLOCK"])
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True, request_handler=Handler)
