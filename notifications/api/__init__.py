"""The HTTP API, mounted at `/api/v1/`: one service or selector call per operation."""

from ninja.openapi.docs import Swagger

from notifications.api import choices, data, embedding, inbox, publishing, states, ticket
from notifications.api.base import ClarionAPI
from notifications.api.sessions import person_session

api = ClarionAPI(
    title="Clarion",
    version="1",
    urls_namespace="clarion-api",
    # The token first: who shows one asks as nobody else, whatever cookies come along.
    auth=[embedding.person_token, person_session],
    # Else the page asks a foreign host whether the description is valid.
    docs=Swagger(settings={"validatorUrl": None}),
    description="Sockets deliver; HTTP changes state, and publishes for other services.",
)
for router in (inbox.router, states.router, choices.router, data.router):
    api.add_router("/inbox", router)
api.add_router("", ticket.router)
api.add_router("", publishing.router)
api.add_router("", embedding.router)
