"""Blocking code beside the event loop, in threads of which there are only so many.

Three kinds that do not wait for each other: handlers on a stock channel layer, which may wait for
Redis; reads of sockets that open or fall behind, hundreds of which may queue; heartbeats.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

from notifications.conf import settings

P = ParamSpec("P")
R = TypeVar("R")


@cache
def pool() -> ThreadPoolExecutor:
    """The process's threads for reads; each holds at most one connection."""
    return ThreadPoolExecutor(settings.threads, thread_name_prefix="clarion-read")


@cache
def _handlers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.threads, thread_name_prefix="clarion-handler")


@cache
def _beats() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="clarion-beat")


async def read(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that reads the database, in a thread."""
    return await _run(pool(), function, *args, **kwargs)


async def beat(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do as `read` does for a heartbeat, in its one thread: others' reads do not delay it."""
    return await _run(_beats(), function, *args, **kwargs)


async def _run(
    threads: ThreadPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    call = reading(function)
    return await asyncio.get_running_loop().run_in_executor(threads, lambda: call(*args, **kwargs))


def reading(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with Django's care for connections around it, as around a request."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        _tidy()
        try:
            return function(*args, **kwargs)
        finally:
            _tidy()

    return call


def _tidy() -> None:
    """`close_old_connections`, except that SQLite's stay open unless something went wrong.

    To open one again takes two milliseconds, three times as long as what is read for a socket; and
    there are only as many as threads. PostgreSQL's go back to their pool.
    """
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()


async def handle(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a handler of a sync consumer, which may call `async_to_sync`, in a thread."""
    run = sync_to_async(reading(function), thread_sensitive=False, executor=_handlers())
    return await run(*args, **kwargs)
