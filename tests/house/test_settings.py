"""The settings file, run as it is with one environment after the other."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.test import override_settings
from environs import EnvError

from notifications.checks import MESSAGES, check_origins, check_pages
from project import checks

FILE = str(Path(live_settings.BASE_DIR) / "project" / "settings.py")
PRODUCTION = {
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": "clarion.example",
    "DATABASE_URL": "postgres://clarion:secret@db.example/clarion",
    "REDIS_URL": "redis://redis.example:6379/0",
}
READ = (
    *PRODUCTION,
    *("DEBUG", "PORT", "CELERY_BROKER_URL", "CLARION_PROCESS", "CSRF_TRUSTED_ORIGINS", "LOG_LEVEL"),
    *("CLARION_LAYER_URLS", "CLARION_ORIGINS"),
)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return what settings are with exactly these variables."""

    def run(**env: str) -> dict[str, Any]:
        for name in READ:
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"CLARION_STATE": str(tmp_path / "state")} | env).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(FILE)

    return run


@pytest.mark.parametrize("name", ["SECRET_KEY", "REDIS_URL"])
def test_production_demands(load: Any, name: str) -> None:
    with pytest.raises(EnvError, match=f'"{name}" not set'):
        load(**{key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("SECRET_KEY", "short"),
        ("ALLOWED_HOSTS", "clarion.example,*"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://clarion@db.example:port/clarion"),
        ("DATABASE_URL", "mysql://clarion@db.example/clarion"),
        ("REDIS_URL", "localhost:6379"),
        ("CLARION_LAYER_URLS", "redis://one.example,localhost:6379"),
        ("CLARION_LAYER_URLS", ""),
        ("CLARION_SOCKET_BUDGET", "64 KB"),
        ("CLARION_PROCESS_BUDGET", "0"),
        ("LOG_LEVEL", "loud"),
        ("CLARION_ORIGINS", "https://*.example"),
        ("CLARION_ORIGINS", "*"),
        ("CLARION_ORIGINS", "shop.example"),
        ("CLARION_ORIGINS", "https://shop.example/"),
        ("CLARION_ORIGINS", "https://shop.example:443"),
        ("CLARION_ORIGINS", "https://Shop.example"),
        ("CLARION_ORIGINS", "null"),
        # Anybody on the way could put a script into its pages.
        ("CLARION_ORIGINS", "https://shop.example,http://shop.example"),
        ("DATABASE_POOL_SIZE", "-1"),
        ("CLARION_HEARTBEAT_SECONDS", "0"),
    ],
)
def test_a_wrong_value_fails_with_its_name(load: Any, name: str, value: str) -> None:
    with pytest.raises(EnvError, match=name):
        load(**PRODUCTION | {name: value})


def test_other_origins(load: Any) -> None:
    origins = ["https://shop.example", "https://xn--mnchen-3ya.example:8443", "https://[::1]"]
    found = load(**PRODUCTION, CLARION_ORIGINS=",".join(origins))
    assert found["CLARION_ORIGINS"] == found["CORS_ALLOWED_ORIGINS"] == origins
    assert load(**PRODUCTION)["CORS_ALLOWED_ORIGINS"] == []
    local = "http://127.0.0.1:8100"
    assert load(DEBUG="1", CLARION_ORIGINS=local)["CLARION_ORIGINS"] == [local]


@pytest.mark.parametrize(
    ("origins", "trusted", "found"),
    [
        (["https://shop.example"], [], []),
        (["https://shop.example"], ["https://shop.example"], ["clarion.W003"]),
        (["https://shop.example", "*"], [], ["clarion.E004"]),
        ([None], [], ["clarion.E004"]),
        ("https://shop.example", [], ["clarion.E004"]),
    ],
)
def test_checks_find_wrong_origins(
    settings: Any, origins: Any, trusted: list[str], found: list[str]
) -> None:
    settings.CLARION_ORIGINS, settings.CSRF_TRUSTED_ORIGINS = origins, trusted
    assert [message.id for message in check_origins(None)] == found


def test_checks_find_pages_that_cannot_say_what_they_did(settings: Any) -> None:
    assert check_pages(None) == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name not in MESSAGES.values()]
    settings.TEMPLATES = [{"BACKEND": settings.TEMPLATES[0]["BACKEND"]}]
    found = check_pages(None)
    assert {message.id for message in found} == {"clarion.W004"}
    assert [name in message.msg for name, message in zip(MESSAGES, found, strict=True)] == [
        True
    ] * 2
    settings.ROOT_URLCONF = "tests.compat.chat.urls"
    assert check_pages(None) == []


def test_production_is_safe(load: Any) -> None:
    found = load(**PRODUCTION)
    assert found["DEBUG"] is found["DEMO"] is False
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] >= 3600
    assert "project.demo" not in found["INSTALLED_APPS"]


def test_debug_needs_nothing_and_keeps_its_key(load: Any, tmp_path: Path) -> None:
    key = load(DEBUG="1")["SECRET_KEY"]
    assert len(key) >= 50
    assert load(DEBUG="1")["SECRET_KEY"] == key
    assert (tmp_path / "state" / "secret_key").stat().st_mode & 0o077 == 0


def test_the_state_folder_stands_in_but_the_environment_wins(load: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "env").write_text("DEBUG='1'\nREDIS_URL='redis://:a%27b@127.0.0.1:1/0'\nPORT='9000'\n")
    found = load(PORT="9001")
    assert (found["DEBUG"], found["PORT"]) == (True, 9001)
    assert found["REDIS_URL"] == "redis://:a%27b@127.0.0.1:1/0"


def test_only_web_processes_pool(load: Any) -> None:
    assert "pool" not in load(**PRODUCTION)["DATABASES"]["default"]["OPTIONS"]
    options = load(**PRODUCTION, CLARION_PROCESS="web")["DATABASES"]["default"]["OPTIONS"]
    assert options["pool"]["max_size"] == 10


def test_the_layer_may_have_servers_of_its_own(load: Any) -> None:
    def hosts(**env: str) -> Any:
        return load(**PRODUCTION | env)["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"]

    assert hosts() == [PRODUCTION["REDIS_URL"]]
    several = ["redis://:secret@one.example/0", "rediss://two.example:6380/0"]
    assert hosts(CLARION_LAYER_URLS=",".join(several)) == several


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgres://db.example/clarion", []),
        ("postgres://db.example/clarion?isolation_level=SERIALIZABLE", ["project.E001"]),
        ("sqlite:///x.sqlite3", []),
        ("sqlite:///x.sqlite3?transaction_mode=DEFERRED", ["project.E003"]),
    ],
)
def test_checks_find_databases_that_break_the_locking(
    load: Any, monkeypatch: pytest.MonkeyPatch, url: str, found: list[str]
) -> None:
    database = load(**PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]
    monkeypatch.setattr(checks, "_database", lambda: database)
    assert [message.id for message in checks.check_database_options(None)] == found


@override_settings(
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}, DEMO=True
)
def test_checks_find_what_must_not_be_public() -> None:
    assert [m.id for m in checks.check_channel_layer(None)] == ["project.E004"]
    assert "project.E005" in [m.id for m in checks.check_deployment(None)]
