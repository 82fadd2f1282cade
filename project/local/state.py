"""The state folder: what a run on this machine keeps, and what other terminals read."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another `manage.py up` holds the state folder."""


def write_private(path: Path, text: str) -> None:
    """Replace the file whole, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Write variables so that `settings.py` in another terminal reads the same values back."""
    escaped = {k: v.replace("\\", "\\\\").replace("'", "\\'") for k, v in values.items()}
    lines = [f"{name}='{value}'\n" for name, value in escaped.items()]
    write_private(path, "# Written by manage.py up; read by settings.py.\n" + "".join(lines))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it however the process ends.

    Raises `AlreadyRunning` if another process holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield
