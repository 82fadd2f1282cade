"""docs/testing.md: its examples are somebody's tests, and pass; its tables are complete."""

import dataclasses
import inspect
import re
from pathlib import Path
from textwrap import indent

from notifications.testing import Sending, Sent
from notifications.testing.sending import Expected
from tests.docs.pages import blocks, code, named, page, section, table
from tests.support.shop import closed_redis, project, run_tests

TEXT = page("testing.md")
IMPORTS = """
import pytest
from notifications.testing import capture
from shop.shipping import ship

@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada")
"""


def test_the_examples_are_tests_that_pass(tmp_path: Path) -> None:
    ship, unittest, plugins, pytest_, look, deliver, quiet = blocks(TEXT, "python")
    folder = project(
        tmp_path,
        notification_types=blocks(page("notification-types.md"), "python")[0],
        shipping=ship,
        conftest=plugins + quiet,
        test_unittest=IMPORTS + unittest,
        test_pytest="\n".join(
            [
                IMPORTS + pytest_,
                f"def test_look(ada):\n{indent(look, '    ')}",
                f"def test_deliver(ada, client):\n{indent(deliver, '    ')}",
                "def test_failure(ada, notifications_sent):",
                "    ship(ada, 'A-17', 'x')",
                "    notifications_sent.assert_notified(",
                "        ada, type='shop.order_shipped', url='/orders/17/'",
                "    )",
            ]
        ),
    )
    ended = run_tests(folder, closed_redis(), "pytest", "-p", "no:cacheprovider")
    assert "1 failed, 5 passed" in ended.stdout, ended.stdout + ended.stderr
    # Whoever uses Django's runner sees the same, without pytest.
    ended = run_tests(folder, closed_redis(), "django", "test", "shop.test_unittest")
    assert "\nOK\n" in ended.stderr, ended.stdout + ended.stderr


def test_the_failure_reads_as_shown(tmp_path: Path) -> None:
    [shown] = blocks(TEXT, "text")
    folder = project(
        tmp_path,
        notification_types=blocks(page("notification-types.md"), "python")[0],
        shipping=blocks(TEXT, "python")[0],
        tests="""
from django.contrib.auth.models import User
from django.test import TestCase
from notifications.testing import capture
from shop.shipping import ship

class Failing(TestCase):
    def test(self):
        ada = User.objects.create_user("ada")
        with capture() as sent:
            ship(ada, "A-17", "12 Abbey Road")
        sent.assert_notified(ada, type="shop.order_shipped", url="/orders/17/")
""",
    )
    ended = run_tests(folder, closed_redis(), "django", "test")
    # Here SQLite keeps the order in which data was given.
    data = re.compile(r"data=\{.*?\}")
    assert data.sub("", shown) in data.sub("", ended.stderr)


def test_every_assertion_and_field_is_there() -> None:
    rows = table(TEXT, "of what `capture()` yields")
    described = {name.partition("(")[0] for row in rows for name in code(row[0])}
    public = {name for name, _ in inspect.getmembers(Sent) if not name.startswith("_")}
    assert described == {name for name in public if name.startswith("assert_")}
    told = set(code(section(TEXT, "## Looking at it"))) | set(code(TEXT))
    for name in public - described - {"end"}:
        assert {name, f"sent.{name}", f"sent.{name}()", f"sent.{name}(user)"} & told, name
    fields = named(table(TEXT, "`expected`"))
    assert fields == set(Expected.__annotations__) | {"language", "times"}
    attributes = {name.partition("(")[0] for name in named(table(TEXT, "name"))}
    properties = {
        name for name, _ in inspect.getmembers(Sending, lambda it: isinstance(it, property))
    }
    fields = {field.name for field in dataclasses.fields(Sending)}
    assert attributes == fields | properties | {"text"}
