"""Runs the functions as Lambda does: the real runtime client, cold starts, reuse, concurrency, timeouts, crashes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from infra import layers
from sandbox.aws.runtime_api import Outcome, RuntimeApi, failure
from sandbox.children import Children
from sandbox.logs import Logs
from sandbox.template import REGION, Function, TemplateError

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "watchbell" / "python"
LEAN = {"IngressLayer": layers.for_ingress, "HeartbeatLayer": layers.for_heartbeat}
"""The layers that have only a part of the library, by their logical ids. Third parties come from this environment."""
EXECUTIONS = 10
"""The most invocations at a time, of all functions together. A new AWS account often has no more."""
PAYLOAD_LIMIT = 6_291_556
"""The most bytes in a synchronous invocation's event or answer."""


class LambdaService:
    """Runs `functions`. Every function gets `environment` in addition to its own from the template.

    `layer` is the folder with the library. A function with a layer in LEAN gets only the files of that layer.

    `now` is the functions' clock in epoch seconds. Their deadlines are on that clock.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        environment: Mapping[str, str],
        children: Children,
        logs: Logs,
        *,
        folder: Path = ROOT / "functions",
        layer: Path = LAYER,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._environment = dict(environment)
        self._lean = tempfile.TemporaryDirectory(prefix="watchbell-lean-", ignore_cleanup_errors=True)
        for name, files in LEAN.items():
            for file in files(layer):
                link = Path(self._lean.name, name, file.relative_to(layer))
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file)
        self._layer = layer
        self._now = now
        self._running = self._executing = 0
        self._changed = threading.Condition()
        self._children, self._logs, self._folder = children, logs, folder
        self._pools: dict[str, _Pool] = {}
        self._stopped = False
        self.deploy(functions)

    def deploy(self, functions: Iterable[Function]) -> None:
        """Use this configuration from now on. The next invocation of each function is a cold start."""
        for function in functions:
            if not (self._folder / function.name).is_dir():
                raise TemplateError(f"the template's function {function.name!r} has no folder in {self._folder.name}/")
            lean = [os.path.join(self._lean.name, name) for name in function.layers if name in LEAN]
            path = os.pathsep.join(filter(None, [*(lean or [str(self._layer)]), self._environment.get("PYTHONPATH")]))
            environment = _lambda_environment(function) | function.environment | self._environment
            environment["PYTHONPATH"] = path
            pool = _Pool(function, environment, self._folder / function.name, self._children, self._logs, self._now)
            replaced, self._pools[function.name] = self._pools.get(function.name), pool
            if replaced:
                replaced.stop()

    def invoke(self, name: str, event: object, request_id: str = "", *, held: bool = True) -> Outcome:
        """Invoke function `name` with `event`, which must be JSON, and wait. A failure is returned, never raised.

        `request_id` is given for a retry, which has the id of the first try. If EXECUTIONS invocations are running, an
        event that is `held` waits: Lambda keeps the events of queues and schedules until there is room. An HTTP request
        cannot wait, so it is throttled.
        """
        if self._stopped:
            return failure("ServiceException", "the sandbox is stopping", fatal=False)
        if name not in self._pools:
            return failure("ResourceNotFoundException", f"Function not found: {name}", fatal=False)
        payload = json.dumps(event).encode()
        if len(payload) > PAYLOAD_LIMIT:
            return failure("RequestTooLargeException", f"the event is over {PAYLOAD_LIMIT} bytes", fatal=False)
        with self._changed:
            self._running += 1
            if held:
                self._changed.wait_for(lambda: self._executing < EXECUTIONS or self._stopped)
            admitted = self._executing < EXECUTIONS
            self._executing += admitted
        try:
            if not admitted:
                return failure("TooManyRequestsException", "Rate Exceeded.", fatal=False)
            return self._pools[name].invoke(payload, request_id or str(uuid.uuid4()))
        finally:
            with self._changed:
                self._running -= 1
                self._executing -= admitted
                self._changed.notify_all()

    @property
    def running(self) -> int:
        """The number of running invocations, including those that wait for room."""
        return self._running

    def is_calling(self, name: str, port: int) -> bool:
        """Whether a busy instance of function `name` has a connection from this local TCP port."""
        return any(self._pools[name].calling(port))

    def kill(self, name: str, port: int) -> bool:
        """Kill the instance of function `name` that has a connection from this local TCP port, and no other.

        Returns whether there was one.
        """
        found = list(self._pools[name].calling(port))
        for instance in found:
            instance.kill()
        return bool(found)

    def function(self, name: str) -> Function:
        return self._pools[name].function

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for pool in self._pools.values():
            pool.stop()
        self._lean.cleanup()


class _Pool:
    """The instances of one function."""

    def __init__(
        self,
        function: Function,
        environment: Mapping[str, str],
        folder: Path,
        children: Children,
        logs: Logs,
        now: Callable[[], float],
    ) -> None:
        self.function = function
        self._environment, self._folder, self._children, self._logs = environment, folder, children, logs
        self._now = now
        self._busy: set[_Instance] = set()
        self._lock = threading.Lock()
        self._idle: list[_Instance] = []
        self._stopped = False

    def invoke(self, payload: bytes, request_id: str) -> Outcome:
        instance = self._take()
        usable = False
        with self._lock:
            self._busy.add(instance)
        try:
            outcome = instance.invoke(payload, request_id)
            usable = not outcome.fatal
            return outcome
        finally:
            self._give_back(instance, usable=usable)

    def stop(self) -> None:
        """End the idle instances now, and the busy ones as soon as they have answered."""
        with self._lock:
            self._stopped = True
            idle, self._idle = self._idle, []
        for instance in idle:
            instance.stop()

    def calling(self, port: int) -> Iterator[_Instance]:
        """The busy instance that has a connection from this local TCP port, if there is one."""
        with self._lock:
            busy = list(self._busy)
        sockets = _sockets_from(port)
        return (instance for instance in busy if instance.has_one_of(sockets))

    def _take(self) -> _Instance:
        with self._lock:
            while self._idle:
                instance = self._idle.pop()
                if instance.alive:
                    return instance
        return _Instance(self.function, self._environment, self._folder, self._children, self._logs, self._now)

    def _give_back(self, instance: _Instance, *, usable: bool) -> None:
        with self._lock:
            self._busy.discard(instance)
            usable = usable and not self._stopped
            if usable:
                self._idle.append(instance)
        if not usable:
            instance.stop()


class _Instance:
    """One process that runs the function under the runtime client."""

    def __init__(
        self,
        function: Function,
        environment: Mapping[str, str],
        folder: Path,
        children: Children,
        logs: Logs,
        now: Callable[[], float],
    ) -> None:
        self._function, self._children, self._logs = function, children, logs
        self._started = time.perf_counter()
        self._cold = True
        self._api = RuntimeApi(now)
        self._process = children.spawn(
            [sys.executable, "-m", "awslambdaric", function.handler],
            environment={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address, "LAMBDA_TASK_ROOT": str(folder)},
            folder=folder,
        )
        threading.Thread(target=self._watch, name=f"{function.name}-{self._process.pid}", daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(self, payload: bytes, request_id: str) -> Outcome:
        outcome = self._api.invoke(
            payload, timeout=self._function.timeout, arn=self._function.arn, request_id=request_id
        )
        if self._cold and self._api.ready_at:
            self._cold = False
            self._logs.write(self._function.name, f"cold start: {(self._api.ready_at - self._started) * 1000:.0f} ms")
        if not outcome.ok:
            self._logs.write(self._function.name, f"invocation failed: {outcome.error}")
        return outcome

    def has_one_of(self, sockets: set[str]) -> bool:
        """Whether the process has one of these sockets open."""
        try:
            return any(os.readlink(file) in sockets for file in Path(f"/proc/{self._process.pid}/fd").iterdir())
        except OSError:  # the process has ended, or it closed a file meanwhile
            return False

    def kill(self) -> None:
        """End the process as if Lambda's host died. A waiting caller gets Lambda's error."""
        self._children.end(self._process)

    def stop(self) -> None:
        self._children.end(self._process)
        self._api.stop()

    def _watch(self) -> None:
        for line in self._process.stdout or ():
            self._logs.write(self._function.name, line.decode(errors="replace").rstrip())
        status = self._process.wait()
        reason = f"signal: {-status}" if status < 0 else f"exit status {status}"
        self._api.end(failure("Runtime.ExitError", f"Runtime exited with error: {reason}"))


def _sockets_from(port: int) -> set[str]:
    """The sockets on this machine with this local TCP port, as `/proc/PID/fd` names them: see man 5 proc."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}


def _lambda_environment(function: Function) -> dict[str, str]:
    """The variables that Lambda sets. The two paths are this machine's, because its Python may need them to start.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ} | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_SESSION_TOKEN": "sandbox",
        # Lambda has no such files, and the developer's own must not be read.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_NAME": function.arn.rpartition(":")[2],
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        **({"AWS_LAMBDA_LOG_LEVEL": function.log_level} if function.log_level else {}),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "sandbox",
        "_HANDLER": function.handler,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }
