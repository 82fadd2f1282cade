"""What we rely on inside uvicorn, and what happens when it moves."""

import subprocess
import sys

import pytest

from notifications import checks
from notifications.live import internals
from notifications.live.protocol import LiveWebSocketProtocol

pytestmark = pytest.mark.any_database


def test_nothing_has_moved():
    assert internals.moved() == []
    assert checks.check_server(None) == []


def test_slots_are_all_there():
    """What uvicorn sets is in a slot or a property, so no socket has a dictionary."""
    for name in internals.ATTRIBUTES:
        assert name in vars(LiveWebSocketProtocol), name


IMPL = "from uvicorn.protocols.websockets import websockets_sansio_impl as impl;"
OTHER_INIT = "impl.WebSocketsSansIOProtocol.__init__ = lambda self: setattr(self, 'x', 1)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("import uvicorn; uvicorn.__version__ = '0.55.0'", "uvicorn is 0.55.0"),
        (f"{IMPL} del impl.WebSocketsSansIOProtocol.handle_close", "has no handle_close"),
        (f"{IMPL} {OTHER_INIT}", "sets other attributes: app"),
        ("from websockets import server; del server.ServerProtocol.reject", "has no reject"),
    ],
)
def test_moved(change, said):
    """The name then means uvicorn's own protocol, and the check says why."""
    code = f"""
{change}
from notifications.live.server import LiveWebSocketProtocol, moved
print(LiveWebSocketProtocol.__module__)
print(moved())
from notifications import checks
print([problem.id for problem in checks.check_server(None)][:1])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    module, problems, ids = done.stdout.splitlines()
    assert module.startswith("uvicorn.protocols.websockets.")
    assert said in problems
    assert ids == "['clarion.W001']"


def test_imports_nothing_of_django():
    code = "import notifications.live.server, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "uvicorn" in loaded
    assert not loaded & {"django", "channels", "channels_redis", "asgiref", "celery", "redis"}
