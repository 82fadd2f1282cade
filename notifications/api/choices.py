"""`/api/v1/inbox/choices` and `/api/v1/inbox/topics`: what a person wants to hear."""

from django.http import HttpRequest
from ninja import Router

from notifications import selectors
from notifications.api.errors import problems
from notifications.api.schemas import CategoryIn, ChoicesOut, MuteIn, TopicIn, TopicOut, UnmuteIn
from notifications.person import inbox_of, user_of
from notifications.selectors import Chosen, TopicChoice
from notifications.services import memberships, preferences

router = Router(tags=["choices"])


@router.get("/choices", response=ChoicesOut, summary="What is received, and what is muted")
def choices(request: HttpRequest) -> Chosen:
    """The categories there are, and the threads that are muted."""
    return selectors.choices_for(inbox_of(request))


@router.post(
    "/opt-out", response={200: ChoicesOut, **problems(403)}, summary="Receive no more of it"
)
def opt_out(request: HttpRequest, body: CategoryIn) -> Chosen:
    """Nothing of the category is delivered from now on."""
    preferences.opt_out(inbox_of(request), body.category)
    return choices(request)


@router.post("/opt-in", response=ChoicesOut, summary="Receive it again")
def opt_in(request: HttpRequest, body: CategoryIn) -> Chosen:
    """What is said of the category from now on."""
    preferences.opt_in(inbox_of(request), body.category)
    return choices(request)


@router.post("/mute", response={200: ChoicesOut, **problems(403)}, summary="Have it come quietly")
def mute(request: HttpRequest, body: MuteIn) -> Chosen:
    """What is said of the category or thread is delivered as seen and read: for ever, or until."""
    preferences.mute(
        inbox_of(request), category=body.category, thread=body.thread, until=body.until
    )
    return choices(request)


@router.post("/unmute", response=ChoicesOut, summary="Hear it again")
def unmute(request: HttpRequest, body: UnmuteIn) -> Chosen:
    """What is said of the category or thread from now on."""
    preferences.unmute(inbox_of(request), category=body.category, thread=body.thread)
    return choices(request)


@router.get("/topics", response=list[TopicOut], summary="The topics there are to choose from")
def topics(request: HttpRequest) -> list[TopicChoice]:
    """Those that this person may subscribe to, or leave."""
    return selectors.topic_choices(user_of(request))


@router.post(
    "/topics/subscribe",
    response={200: list[TopicOut], **problems(403)},
    summary="Belong to a topic",
)
def subscribe(request: HttpRequest, body: TopicIn) -> list[TopicChoice]:
    """What is said to it from now on."""
    memberships.subscribe(user_of(request), body.topic)
    return topics(request)


@router.post(
    "/topics/unsubscribe",
    response={200: list[TopicOut], **problems(403)},
    summary="Leave a topic",
)
def unsubscribe(request: HttpRequest, body: TopicIn) -> list[TopicChoice]:
    """What was said until now stays in the inbox."""
    memberships.unsubscribe(user_of(request), body.topic)
    return topics(request)
