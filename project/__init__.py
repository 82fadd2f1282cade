"""The site that Clarion runs in: settings, URLs, health, and what `make run` needs.

Importing the Celery application makes it the one that `send_task` uses in every Django process.
"""

from workers import app as celery_app

__all__ = ["celery_app"]
