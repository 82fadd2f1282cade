"""Celery: the application and its tasks, each of which makes one service call."""

from workers.celery import app

__all__ = ["app"]
