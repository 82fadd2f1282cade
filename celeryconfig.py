"""Celery's values. The database is the queue; Celery is the engine that drains it.

So no value here carries a promise: a message that is lost is replaced by the sweep, one that comes
twice changes nothing. The values decide how fast that happens and who waits for whom.
"""

from typing import Any

from celery.schedules import crontab
from django.conf import settings
from kombu import Exchange, Queue

broker_url: str = settings.CELERY_BROKER_URL

# For so many tasks a worker keeps its database connection; without it each task opens one. Celery's
# Django part looks for it here, not in Django's settings.
CELERY_DB_REUSE_MAX: int = settings.CELERY_DB_REUSE_MAX

# --- Tasks -----------------------------------------------------------------------------------

imports = ("workers.notify", "workers.broadcasts", "workers.relay", "workers.upkeep")

# Relay and sweep have a queue of their own: ten thousand waiting notify tasks stand beside them,
# not before them (the Redis transport serves queues in turn).
# Each with an exchange and key of its own: a Queue without them takes those of the default queue,
# and every message would come to all three.
task_queues = tuple(
    Queue(name, Exchange(name), routing_key=name) for name in ("notify", "relay", "deliveries")
)
task_default_queue = "notify"
task_routes = {
    "notifications.notify": {"queue": "notify"},
    "notifications.broadcast": {"queue": "notify"},
    "notifications.relay": {"queue": "relay"},
    "notifications.sweep": {"queue": "relay"},
    "notifications.fire": {"queue": "relay"},
    "notifications.cleanup": {"queue": "relay"},
    "notifications.prune": {"queue": "relay"},
    "notifications.reconcile": {"queue": "relay"},
}

# Any process may send tasks by name, so what travels is JSON only.
accept_content = ["json"]
task_serializer = "json"
# Nobody waits for a result; with a backend each call would also subscribe to one.
task_ignore_result = True

# Acknowledged when done, and given back when the child process died: a task that was running when
# something was killed runs again. Both are needed; late alone still acknowledges a dead child.
task_acks_late = True
task_reject_on_worker_lost = True
# One that hung until its time limit runs again too, once the broker misses its acknowledgement.
task_acks_on_timeout = False
# A task is taken when there is somebody to run it; more would wait behind a long one.
worker_prefetch_multiplier = 1

# seconds; the longest task, relay, stops by itself after five. A task that hangs is ended, well
# before the broker believes that its worker died (visibility_timeout).
task_soft_time_limit = 30
task_time_limit = 60
VISIBILITY_TIMEOUT = 120

# Sending retries twice within a moment; who cannot wait for a broker sends with retry=False.
task_publish_retry_policy = {
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}

# --- Broker ----------------------------------------------------------------------------------

# seconds; without them a broker that hangs, rather than refuses, holds the sender for ever.
BROKER_TIMEOUT = 2

if broker_url.startswith(("redis", "rediss", "sentinel")):
    broker_transport_options: dict[str, Any] = {
        # What a killed worker had taken comes back after this; the default is an hour. Longer than
        # any task and than any countdown, else tasks would run twice as a matter of course.
        "visibility_timeout": VISIBILITY_TIMEOUT,
        # Look for such messages every 10 s, not every 100 s.
        "unacked_restore_throttle": 1,
        "socket_timeout": BROKER_TIMEOUT,
        "socket_connect_timeout": BROKER_TIMEOUT,
        "socket_keepalive": True,
        # Notices a connection that died in silence.
        "health_check_interval": 25,
    }
elif broker_url.startswith(("amqp", "pyamqp")):
    # Without confirmation a publish to a dead RabbitMQ looks like a success.
    broker_transport_options = {
        "confirm_publish": True,
        "connect_timeout": BROKER_TIMEOUT,
        "read_timeout": BROKER_TIMEOUT,
        "write_timeout": BROKER_TIMEOUT,
    }
broker_connection_timeout = BROKER_TIMEOUT
# A worker waits for its broker for as long as it takes; the default gives up after 100 attempts.
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# What was running when the connection went is delivered again by the broker: stop it here.
worker_cancel_long_running_tasks_on_connection_loss = True

# --- Worker ----------------------------------------------------------------------------------

# seconds; on SIGTERM running tasks may finish for so long, then they go back to the queue. Works
# with REMAP_SIGTERM=SIGQUIT, which the Procfile sets: Celery's own SIGTERM waits without limit.
# Supervisors should allow ten seconds more before they kill.
worker_soft_shutdown_timeout = 10
# Not when idle: every restart would take the full time. What a worker holds for a countdown is not
# acknowledged, so it goes back to the queue all the same.
worker_enable_soft_shutdown_on_idle = False
# One logging configuration for all processes: Django's.
worker_hijack_root_logger = False

# --- Beat ------------------------------------------------------------------------------------

enable_utc = True
timezone = "UTC"
# Schedules are rows, so that operators change them in the admin.
beat_scheduler = "workers.beat:Scheduler"
# seconds; a crontab slot missed by more than this is left out. Without it a daily job whose slot
# fell into a downtime runs up to two hours *before* its next one, and then again.
beat_cron_starting_deadline = 1800

SWEEP_SECONDS = 5
RECONCILE_SECONDS = 300
beat_schedule = {
    "notifications.sweep": {
        "task": "notifications.sweep",
        "schedule": SWEEP_SECONDS,
        # Sweeps must not pile up while no worker is there: one is as good as many. Not `expires`,
        # which django-celery-beat drops without a word.
        "options": {"expire_seconds": 2 * SWEEP_SECONDS},
    },
    "notifications.cleanup": {
        "task": "notifications.cleanup",
        "schedule": crontab(hour="3", minute="30"),
        "options": {"expire_seconds": 6 * 3600},
    },
    "notifications.prune": {
        "task": "notifications.prune",
        "schedule": crontab(hour="1", minute="30"),
        "options": {"expire_seconds": 6 * 3600},
    },
    "notifications.reconcile": {
        "task": "notifications.reconcile",
        "schedule": RECONCILE_SECONDS,
        "options": {"expire_seconds": RECONCILE_SECONDS},
    },
}
