"""The addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from django.views.generic import RedirectView

from notifications.api import api
from project import health
from project.local.people import PEOPLE

urlpatterns = [
    path("", RedirectView.as_view(url=settings.LOGIN_REDIRECT_URL)),
    path("inbox/", include("notifications.urls")),
    path("api/v1/", api.urls),
    path(
        "accounts/login/",
        auth_views.LoginView.as_view(
            extra_context={"demo_people": PEOPLE if settings.DEMO else ()}
        ),
        name="login",
    ),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("project.demo.urls")))
