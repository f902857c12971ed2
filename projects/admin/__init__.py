"""The administration of projects; each noun registers itself."""

from projects.admin import contracts

__all__ = ["contracts"]
