"""How a person appears wherever the API names one."""

from typing import Any

from rest_framework import serializers


class Who(serializers.Serializer[Any]):
    """A person by id and name."""

    id = serializers.UUIDField(source="pk", read_only=True)
    name = serializers.CharField(read_only=True)
