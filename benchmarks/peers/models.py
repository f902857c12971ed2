from django.db import models


class Message(models.Model):
    """What the tutorial's chat keeps when it saves."""

    room = models.CharField(max_length=100)
    author = models.BigIntegerField()
    body = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "peers"

    def __str__(self) -> str:
        return self.body
