"""Tags of the demo."""

from typing import Any

from django import template

from project.demo.forms import PERSON, SendForm
from project.demo.views import DELAY, REFUSED

register = template.Library()


@register.inclusion_tag("demo/panel.html", takes_context=True)
def demo_panel(context: dict[str, Any]) -> dict[str, Any]:
    """Show the form that sends to a person, a group or everyone, with what was refused just now."""
    request = context["request"]
    filled = request.session.pop(REFUSED, {"to": f"{PERSON}:{request.user.pk}"})
    form = SendForm(initial=filled, auto_id="demo-%s")
    return {"form": form, "delay": DELAY}
