"""Our pages at addresses of theirs."""

from django.http import HttpResponse
from django.urls import include, path

from notifications.api import api

urlpatterns = [
    path("", lambda request: HttpResponse("ready")),
    path("sso/", lambda request: HttpResponse("Who are you?")),
    path("me/news/", include("notifications.urls")),
    path("api/v1/", api.urls),
]
