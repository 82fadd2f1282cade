"""People as other services name them."""

from typing import Any

import pytest

from notifications.services.recipients import CHUNK, Named, resolve

pytestmark = pytest.mark.django_db


def keys(**named: Any) -> set[Any]:
    return set(resolve(Named(**named)).keys)


def unknown(**named: Any) -> dict[str, list[Any]]:
    return {kind: names for kind, names in resolve(Named(**named)).unknown.items() if names}


def test_three_ways(ada: Any, bob: Any) -> None:
    assert keys(ids=[ada.pk, str(bob.pk)]) == {ada.pk, bob.pk}
    assert keys(usernames=["ada", "bob"]) == {ada.pk, bob.pk}
    assert keys(emails=["ada@example.com", "bob@example.com"]) == {ada.pk, bob.pk}


def test_each_once_however_often_named(ada: Any) -> None:
    found = resolve(
        Named([ada.pk, str(ada.pk), ada.pk], ["ada", "ada"], ["ada@example.com", "Ada@Example.com"])
    )
    assert found.keys == [ada.pk]
    assert not any(found.unknown.values())


def test_an_address_of_several_people_means_all_of_them(make_user: Any) -> None:
    people = [make_user(name) for name in ("one", "two", "three")]
    emails = ("Same@example.com", "same@example.com", "x@example.com")
    for user, email in zip(people, emails, strict=True):
        user.email = email
        user.save()
    assert keys(emails=["SAME@example.com"]) == {people[0].pk, people[1].pk}


def test_usernames_are_as_they_are_written(ada: Any, make_user: Any) -> None:
    assert unknown(usernames=["Ada", " ada", "ada "]) == {"usernames": ["Ada", " ada", "ada "]}
    # But for Unicode's own ways to write the same (NFKC), which Django stores as one.
    angstrom = make_user("\u00c5ngstr\u00f6m")
    assert keys(usernames=["\u212bngstro\u0308m"]) == {angstrom.pk}


def test_addresses_beyond_ascii(make_user: Any) -> None:
    user = make_user("x")
    user.email = "ÄRGER@example.com"
    user.save()
    assert keys(emails=["ÄRGER@example.com"]) == {user.pk}
    assert keys(emails=["Ärger@EXAMPLE.com"]) == {user.pk}


def test_nobody_has_no_address(make_user: Any) -> None:
    user = make_user("x")
    user.email = ""
    user.save()
    assert keys(emails=[" "]) == set()


def test_what_no_database_can_have_is_unknown(ada: Any) -> None:
    strange = ["\0", "ada\0", "\ud800", "x" * 5000]
    assert unknown(usernames=strange) == {"usernames": strange}
    assert unknown(emails=strange) == {"emails": strange}
    assert unknown(ids=[*strange, -1, 2**63, "1.5", ""]) == {
        "ids": [*strange, -1, 2**63, "1.5", ""]
    }


def test_one_query_for_a_thousand(ada: Any, django_assert_num_queries: Any) -> None:
    names = [f"x{number}" for number in range(2 * CHUNK - 1)]
    with django_assert_num_queries(2):
        found = resolve(Named(usernames=["ada", *names]))
    assert found.keys == [ada.pk]
    assert found.unknown["usernames"] == names
    with django_assert_num_queries(0):
        resolve(Named())
