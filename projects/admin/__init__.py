"""The administration of projects; each noun registers itself."""

from projects.admin import contracts, gigs

__all__ = ["contracts", "gigs"]
