"""`manage.py notify` and `manage.py broadcast`: what they say, write and return."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import execute_from_command_line

from notifications.models import Notification
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]


@pytest.fixture
def manage(redis_server, capsys):
    """Runs `manage.py ...` to its exit, without the second that a new process takes to start."""

    def run(*arguments):
        try:
            execute_from_command_line(["manage.py", *arguments])
            code = 0
        except SystemExit as end:
            code = end.code
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


@pytest.mark.promise_1
def test_in_a_process_of_its_own(processes, screen, ada):
    processes.worker()
    page = screen(ada)
    ended = processes.manage("notify", "ada", "It works", "--url", "/inbox/")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"Notification {Notification.objects.get().pk} to ada.\n"
    page.follow_until("It works")
    ended = processes.manage("broadcast", "nowhere", "Hi")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("CommandError: Unknown topic 'nowhere'")


@pytest.mark.promise_1
def test_people_by_name_address_and_id(manage, ada, bob):
    for number, name in enumerate(("ada", "ADA@example.com", str(ada.pk))):
        assert manage("notify", name, f"Said {number}")[0] == 0
    relay()
    assert titles_of(ada) == ["Said 0", "Said 1", "Said 2"]
    assert titles_of(bob) == []


@pytest.mark.promise_1
def test_key_says_it_once(manage, ada):
    for _ in range(2):
        assert manage("notify", "ada", "Once", "--key", "k")[0] == 0
    code, _, errors = manage("notify", "ada", "Other", "--key", "k")
    assert code == 2
    assert "'k' was used for something else" in errors
    relay()
    assert titles_of(ada) == ["Once"]


@pytest.mark.promise_5
def test_broadcast(manage, screen, ada):
    group = Group.objects.create(name="team")
    ada.groups.add(group)
    page = screen(ada)
    for topic in ("everyone", f"auth_group.{group.pk}", "staff"):
        code, output, errors = manage("broadcast", topic, f"To {topic}", "--level", "warning")
        assert (code, errors) == (0, "")
        assert output.endswith(f" to {topic}.\n")
    relay()
    page.follow_until("To everyone", f"To auth_group.{group.pk}")
    assert len(page.titles) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["notify", "nobody", "Hi"], 1, "There is no user with"),
        (["notify", "ada"], 2, "title: a notification of type 'message' needs one."),
        (["notify", "ada", "Hi", "--url", "javascript:x"], 2, "url must be a path"),
        (["notify", "ada", "Hi", "--level", "loud"], 2, "invalid choice: 'loud'"),
        (["notify", "ada", "Hi", "--data", "{"], 2, "not JSON"),
        (["broadcast", "nowhere", "Hi"], 2, "Unknown topic 'nowhere'"),
        (["broadcast", "auth_group.99", "Hi"], 2, "Unknown topic"),
        (["broadcast"], 2, "required: topic"),
    ],
)
def test_bad_input_says_what_is_wrong(manage, ada, arguments, code, message):
    ended, output, errors = manage(*arguments)
    assert (ended, output) == (code, "")
    assert message in errors
    assert not Notification.objects.exists()


def test_address_of_two_people(manage, make_user):
    for name in ("one", "two"):
        user = make_user(name)
        user.email = "same@example.com"
        user.save()
    code, _, errors = manage("notify", "same@example.com", "Hi")
    assert code == 1
    assert "Several users" in errors
