"""To whom: users and keys."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.utils.functional import SimpleLazyObject

from notifications.exceptions import InvalidNotification
from notifications.services import audience


def saved(pk: int) -> User:
    user = User(pk=pk, username=f"u{pk}")
    user._state.adding = False
    return user


def test_users_collapse():
    one, two = saved(1), saved(2)
    assert list(audience.of_users([one, two, one])) == ["1", "2"]
    assert list(audience.of_users(one)) == ["1"]
    assert list(audience.of_users(SimpleLazyObject(lambda: one))) == ["1"]
    assert list(audience.of_users(user for user in (two, one))) == ["2", "1"]
    assert list(audience.of_users([])) == []


@pytest.mark.parametrize(
    "recipients",
    [None, "ada", b"ada", 1, [1], ["ada"], [None], AnonymousUser(), [AnonymousUser()], User(),
     [User(pk=5)], Group(pk=1), Group.objects.all()],
)  # fmt: skip
def test_what_is_no_saved_user(recipients):
    with pytest.raises(InvalidNotification, match="recipients"):
        audience.of_users(recipients)


def test_keys_collapse():
    assert list(audience.of_keys([1, "1", 2])) == ["1", "2"]


@pytest.mark.parametrize(
    "keys", [None, "12", 7, [None], [True], [1.9], ["x"], [{}], [2**70], [-(2**70)]]
)
def test_what_is_no_key(keys):
    with pytest.raises(InvalidNotification):
        audience.of_keys(keys)


def test_digests_do_not_depend_on_order():
    assert audience.of_keys([1, 2]).digest() == audience.of_keys([2, 1]).digest()
    assert audience.of_keys([1, 2]).digest() != audience.of_keys([1, 3]).digest()


@pytest.mark.django_db
def test_querysets_are_streamed():
    User.objects.bulk_create(User(username=f"s{n}") for n in range(5))
    users = User.objects.order_by("pk")
    people = audience.of_users(users)
    assert list(people) == list(people) == [str(user.pk) for user in users]
    assert list(audience.of_users(users[:2])) == [str(user.pk) for user in users[:2]]
