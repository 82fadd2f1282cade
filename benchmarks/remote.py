"""Commands to child processes: a line of JSON there, a line of JSON back."""

import asyncio
import json
import select
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Commands = Mapping[str, Callable[..., Any]]
# seconds; only a child that hangs takes so long
ANSWER_SECONDS = 300
# bytes of a line; a collected round is a few hundred thousand
LINE_MAX = 2**24


class RemoteFailed(Exception):
    """The child ended, hung or raised; says what it said."""


class Remote:
    """A child, `python -m <module>`, that serves commands."""

    def __init__(self, module: str, *arguments: str, env: dict[str, str], log: Path) -> None:
        self.name = " ".join([module, *arguments])
        self.log = log
        with log.open("wb") as errors:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def start(self, command: str, **arguments: Any) -> None:
        """Have it begin; `result` must follow."""
        assert self.popen.stdin
        self.popen.stdin.write(json.dumps([command, arguments]).encode() + b"\n")
        self.popen.stdin.flush()

    def result(self) -> Any:
        """What the command that was started last came to."""
        assert self.popen.stdout
        if not select.select([self.popen.stdout], [], [], ANSWER_SECONDS)[0]:
            raise RemoteFailed(f"{self.name} did not answer")
        line = self.popen.stdout.readline()
        if not line:
            raise RemoteFailed(f"{self.name} ended:\n{self.log.read_text(errors='replace')}")
        answer = json.loads(line)
        if "error" in answer:
            raise RemoteFailed(f"{self.name}: {answer['error']}")
        return answer["result"]

    def call(self, command: str, **arguments: Any) -> Any:
        """Start a command and wait for its result."""
        self.start(command, **arguments)
        return self.result()


def serve(commands: Commands) -> None:
    """Serve commands until standard input ends."""
    for line in sys.stdin:
        answer(commands, line)


def answer(commands: Commands, line: str) -> None:
    """Do what one line says, and say what came of it."""
    name, arguments = json.loads(line)
    try:
        said = {"result": commands[name](**arguments)}
    except Exception:  # noqa: BLE001
        said = {"error": traceback.format_exc()}
    print(json.dumps(said), flush=True)


async def serve_async(commands: Commands) -> None:
    """As `serve`, for coroutines, on the event loop: what else runs there goes on meanwhile."""
    reader = asyncio.StreamReader(limit=LINE_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        name, arguments = json.loads(line)
        try:
            said = {"result": await commands[name](**arguments)}
        except Exception:  # noqa: BLE001
            said = {"error": traceback.format_exc()}
        print(json.dumps(said), flush=True)
