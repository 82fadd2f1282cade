"""Where the demo panel sends from: a view like any other that calls `notify` or `broadcast`."""

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from notifications import broadcast, notify
from notifications.exceptions import InvalidNotification
from notifications.services.content import compose
from project.demo.forms import FIELDS, PERSON, SendForm
from workers import app

DELAY = 10  # seconds
PAGE = "clarion:inbox"
# In the session: what was refused, for the form on the next page.
REFUSED = "demo-refused"


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Send what the form says, and say what was done: as JSON where asked for, else on the page.

    Status 422 says that it was not sent, and why.
    """
    if not request.user.is_authenticated:
        if request.accepts("text/html"):
            return redirect_to_login(reverse(PAGE))
        return JsonResponse({"detail": gettext("Sign in first.")}, status=401)
    form = SendForm(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        return _answer(request, f"{form[name].label}: {errors[0]}", status=422)
    fields = {name: form.cleaned_data[name] for name in ("title", "body", "url", "level")}
    fields["actor"] = request.user.get_username()
    kind, _, key = form.cleaned_data["to"].partition(":")
    later = request.POST.get("when") == "later"
    try:
        if later:
            # Of what the task refuses, nobody would hear.
            compose("message", **fields)
            _by_task(kind, key, fields)
        elif kind == PERSON:
            notify(get_user_model()._default_manager.get(pk=key), "message", **fields)
        else:
            broadcast(key, "message", **fields)
    except InvalidNotification as error:
        return _answer(request, str(error), status=422)
    except OperationalError:
        return _answer(request, gettext("The broker cannot be reached."), status=503)
    if later:
        later_said = gettext("A task sends it in %(seconds)d seconds.") % {"seconds": DELAY}
        return _answer(request, later_said)
    return _answer(request, gettext("Sent."))


def _by_task(kind: str, key: str, fields: dict[str, str]) -> None:
    """By name and JSON, as any other process would."""
    if kind == PERSON:
        app.send_task("notifications.notify", [[key], "message"], fields, countdown=DELAY)
    else:
        app.send_task("notifications.broadcast", [key, "message"], fields, countdown=DELAY)


def _answer(request: HttpRequest, detail: str, status: int = 200) -> HttpResponse:
    if not request.accepts("text/html"):
        return JsonResponse({"detail": detail}, status=status)
    if status == 200:
        messages.info(request, detail)
    else:
        messages.error(request, detail)
        request.session[REFUSED] = {name: request.POST.get(name, "") for name in FIELDS}
    return redirect(PAGE)
