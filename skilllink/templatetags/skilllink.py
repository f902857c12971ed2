"""Components that every template uses, built in (no `load` needed)."""

from django import template

register = template.Library()
