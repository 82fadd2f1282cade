"""`/demo/`: two people side by side, and what their page asks for."""

import json
import time
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from notifications.authentication import token
from notifications.authentication.bearer import bearer_of
from notifications.exceptions import ClarionError
from notifications.models import Notification
from notifications.texts import texts
from project.demo import cast
from project.demo.scenes import BUTTONS, GROUPS, OURS, Button, Scene


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The page. Nobody has to sign in: it shows what everybody could see who did."""
    context = {
        "cast": cast.CAST,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "groups": GROUPS,
        "words": {"language": get_language() or settings.LANGUAGE_CODE, "texts": texts()},
    }
    return render(request, "demo/page.html", context)


@require_GET
@never_cache
def clock(_request: HttpRequest) -> JsonResponse:
    """The server's clock, in ms since 1970: the page compares it with its own."""
    return JsonResponse({"now": _now()})


@require_POST
def give_token(_request: HttpRequest, name: str) -> JsonResponse:
    """What opens the inbox of one of the two, as `POST /api/v1/tokens` says it.

    404 without the demo's people; 403 where they have passwords that not everybody knows.
    """
    person = cast.member(name)
    if person is None:
        detail = gettext("The demo's people are not there: manage.py demo_data makes them.")
        return JsonResponse({"detail": detail}, status=404)
    issued = cast.issue(person)
    if issued is None:
        return JsonResponse({"detail": gettext("The password has been changed.")}, status=403)
    return JsonResponse({"token": issued.token, "expires_in": token.TOKEN_SECONDS})


@csrf_exempt  # Whoever shows the token may; no cookie has a part in it.
@require_POST
def play(request: HttpRequest, name: str) -> JsonResponse:
    """Do what a button says, as the person whose token is shown.

    Asked with JSON: `to`, and perhaps `last`, `step`. Answers `said`, with `id` and the moment `at`
    of the commit (ms since 1970) for each. Status 422 says why not.
    """
    sender = _person(request)
    if sender is None:
        return JsonResponse({"detail": "Show the token of one of the two."}, status=401)
    button = BUTTONS.get(name)
    if button is None:
        raise Http404
    scene = _scene(button, sender, _asked(request))
    if scene is None:
        return JsonResponse({"detail": "Say to whom."}, status=400)
    try:
        said = _commit(button, scene)
    except ClarionError as error:
        return JsonResponse({"detail": str(error)}, status=422)
    except OperationalError:
        return JsonResponse({"detail": gettext("The broker cannot be reached.")}, status=503)
    return JsonResponse({"said": said})


def _commit(button: Button, scene: Scene) -> list[dict[str, object]]:
    commits: list[float] = []
    with transaction.atomic():
        # First of all that waits for the commit, so that nothing else is measured along.
        transaction.on_commit(lambda: commits.append(_now()))
        said = button.play(scene)
    return [{"id": str(notification.pk), "at": commits[0]} for notification in said]


def _now() -> float:
    return time.time() * 1_000


def _person(request: HttpRequest) -> AbstractBaseUser | None:
    shown = bearer_of(request)
    person = None if shown is None else token.person(shown)
    return person if person is not None and person.get_username() in cast.CAST else None


def _asked(request: HttpRequest) -> Mapping[str, object]:
    try:
        asked = json.loads(request.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _scene(button: Button, sender: AbstractBaseUser, asked: Mapping[str, object]) -> Scene | None:
    recipient = cast.member(str(asked.get("to", "")))
    step = asked.get("step", 0)
    if recipient is None or not isinstance(step, int) or not 0 <= step < button.times:
        return None
    last = str(asked.get("last", ""))
    ours = Notification.objects.filter(type__in=OURS)
    known = ours.filter(pk=last).first() if last.isdecimal() and len(last) < 19 else None
    return Scene(sender, recipient, known, step, button.times)
