"""Somebody else's tests run, and nobody goes to Redis, in pytest and in Django's runner."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shop import project, run_tests

VIEWS = """
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from notifications import broadcast, notify

def order(request, name):
    with transaction.atomic():
        notify(User.objects.get(username=name), "message", title="Ordered", level="success")
        transaction.on_commit(lambda: broadcast("staff", "message", title="Look"))
        if "fail" in request.GET:
            raise RuntimeError("failed")
    return HttpResponse("ok")
"""

URLS = """
from django.urls import path
from shop import views

urlpatterns = [path("order/<str:name>/", views.order)]
"""

UNITTESTS = """
import threading

from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase, TransactionTestCase
from notifications.models import Inbox
from notifications.testing import capture

class Orders:
    def setUp(self):
        self.ada = User.objects.create_user("ada")
        self.sent = self.enterContext(capture())

    def order(self, query=""):
        with self.captureOnCommitCallbacks(execute=True):
            self.client.get(f"/order/ada/{query}")

    def test_an_order(self):
        self.order()
        self.sent.assert_notified(self.ada, title="Ordered", level="success", times=1)
        self.sent.assert_broadcast("staff", title="Look", times=1)

    def test_one_that_fails(self):
        with self.assertRaises(RuntimeError):
            self.order("?fail=1")
        self.sent.assert_nothing()

    def test_the_inbox(self):
        self.order()
        self.sent.deliver()
        self.assertEqual(Inbox.objects.get(user=self.ada).unread, 1)

class InATransaction(Orders, TestCase):
    pass

class Committing(Orders, TransactionTestCase):
    def order(self, query=""):
        self.client.get(f"/order/ada/{query}")
"""

PYTESTS = """
import pytest
from notifications import notify
from shop.tests import *

@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada")

def test_the_fixture(notifications_sent, client, ada, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.get("/order/ada/")
    notifications_sent.assert_notified(ada, times=1)

@pytest.mark.django_db(transaction=True)
def test_the_fixture_commits(notifications_sent, client, ada):
    client.get("/order/ada/")
    notifications_sent.assert_notified(ada, times=1)
    notifications_sent.assert_broadcast("staff", times=1)

def test_one_that_fails(notifications_sent, ada):
    notify(ada, "message", title="One")
    notifications_sent.assert_notified(ada, title="Other")
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody at the address of Redis who never answers, and knows who came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def url(listener: socket.socket) -> str:
    return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def nobody_came(listener: socket.socket) -> bool:
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return True
    connection.close()
    return False


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    plugins = 'pytest_plugins = ["notifications.testing.plugin"]'
    files = {"views": VIEWS, "urls": URLS, "tests": UNITTESTS, "test_pytest": PYTESTS}
    return project(tmp_path, conftest=plugins, **files)


def test_with_pytest(shop: Path, listener: socket.socket) -> None:
    # The first of two ways in which plugins are found: before Django knows its settings.
    options = ("-p", "notifications.testing.plugin", "-p", "no:cacheprovider")
    ended = run_tests(shop, url(listener), "pytest", *options)
    assert "1 failed, 8 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "AssertionError: ada was not notified with title='Other'.\n" in ended.stdout
    # It points at the line of the test, not into ours.
    assert "notifications/testing" not in ended.stdout
    assert nobody_came(listener)


def test_with_djangos_runner(shop: Path, listener: socket.socket) -> None:
    ended = run_tests(shop, url(listener), "django", "test")
    assert "\nOK\n" in ended.stderr, ended.stdout + ended.stderr
    assert "\nRan 6 tests in " in ended.stderr
    assert nobody_came(listener)


def test_without_the_aids_somebody_comes(shop: Path, listener: socket.socket) -> None:
    """So the two above show something."""
    text = UNITTESTS.replace("capture())", "nullcontext())")
    (shop / "shop" / "tests.py").write_text(f"from contextlib import nullcontext\n{text}")
    run_tests(shop, url(listener), "django", "test")
    assert not nobody_came(listener)
