from django.db import models


class Pass(models.Model):
    """How far a pass through a whole table has come, a little in each task.

    `up_to` is the last primary key that is done with; null when no pass is under way.
    """

    name = models.CharField(max_length=20, primary_key=True)
    up_to = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "passes"

    def __str__(self) -> str:
        return f"{self.name} up to {self.up_to}"
