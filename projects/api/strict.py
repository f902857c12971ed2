"""Input that is taken exactly: a field nobody asked for is refused, not ignored."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Strict(serializers.Serializer[Any]):
    """A serializer for a verb's arguments."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "There is no such field here."))
        return super().to_internal_value(data)

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The request's body as keyword arguments. Raises DRF's ValidationError, answered as 400."""
        given = cls(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)
