"""Beat's scheduler: django-celery-beat's, which leaves alone what others write."""

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry


class Entry(ModelEntry):
    """A periodic task that saves when it last rang, and nothing else.

    The original saves the whole row as it read it just before. A pause that commits in between
    would be undone, and its schedule, which follows its periodic task, would go on.
    """

    def save(self) -> None:
        """Fine if the row is gone."""
        PeriodicTask.objects.filter(pk=self.model.pk).update(
            last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count
        )


class Scheduler(DatabaseScheduler):
    """Schedules are rows of `PeriodicTask`."""

    Entry = Entry
