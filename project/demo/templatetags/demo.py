"""Tags of the demo."""

from typing import Any

from django import template

from project.demo.forms import SendForm
from project.demo.views import DELAY

register = template.Library()


@register.inclusion_tag("demo/panel.html", takes_context=True)
def demo_panel(context: dict[str, Any]) -> dict[str, Any]:
    """Show the form that sends to a person, a group or everyone."""
    request = context["request"]
    form = SendForm(initial={"to": f"person:{request.user.pk}"}, auto_id="demo-%s")
    return {
        "form": form,
        "delay": DELAY,
        "csrf_token": context["csrf_token"],
    }
