"""HTTP costs few hops between event loop and threads."""

import pytest
from asgiref.sync import SyncToAsync
from django.test import AsyncClient

pytestmark = [pytest.mark.any_database, pytest.mark.django_db(transaction=True)]
# Two for Django's signals, one into the chain, from there one for CSRF's `process_view` and the
# view each; three more may come with another Django. Without `OneThread` there are 17.
HOPS = 8


@pytest.fixture
def hops(monkeypatch):
    """What was handed from the event loop to a thread."""
    handed = []
    call = SyncToAsync.__call__

    async def count(self, *args, **kwargs):
        handed.append(self.func)
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    return handed


async def test_a_request_stays_in_its_thread(hops):
    response = await AsyncClient().get("/healthz")
    assert response.status_code == 200
    assert response["X-Frame-Options"] == "DENY"
    assert len(hops) <= HOPS, hops


def test_it_is_the_last_entry(settings):
    assert settings.MIDDLEWARE[-1] == "project.middleware.OneThread"
