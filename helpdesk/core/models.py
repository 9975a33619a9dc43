from django.db import models


class Allowance(models.Model):
    """A token bucket: how many more of something somebody may do. See `limits.spend`."""

    key = models.CharField(primary_key=True, max_length=120)
    left = models.FloatField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
