"""Channel layers."""

from channels.layers import InMemoryChannelLayer


class MemoryLayer(InMemoryChannelLayer):
    """In memory."""
