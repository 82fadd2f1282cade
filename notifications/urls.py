"""Pages of the app; a project includes them where it likes."""

from django.urls import path

from notifications import views
from notifications.pages import choices, inbox

app_name = "clarion"

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("mark/<slug:action>/", inbox.mark, name="mark"),
    path("snooze/<slug:length>/", inbox.snooze, name="snooze"),
    path("all/<slug:action>/", inbox.mark_all, name="all"),
    path("choices/", choices.choices, name="choices"),
    path("choices/opt-out/", choices.opt_out, name="opt-out"),
    path("choices/opt-in/", choices.opt_in, name="opt-in"),
    path("choices/mute/<slug:length>/", choices.mute, name="mute"),
    path("choices/unmute/", choices.unmute, name="unmute"),
    path("choices/subscribe/", choices.subscribe, name="subscribe"),
    path("choices/unsubscribe/", choices.unsubscribe, name="unsubscribe"),
]
