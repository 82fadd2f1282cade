"""Pages of the app; a project includes them where it likes."""

from django.urls import path

from notifications import views

app_name = "clarion"

urlpatterns = [path("", views.inbox, name="inbox")]
