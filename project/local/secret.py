"""The secret key of a development checkout."""

import os
import secrets
from pathlib import Path


def development_secret(state: Path) -> str:
    """Return the key kept in the state folder, made on first use.

    Processes that start together all get the same one: the file appears whole or not at all, and
    only the first creation counts.
    """
    path = state / "secret_key"
    if not path.exists():
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = state / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
