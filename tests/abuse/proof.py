"""Proof that nothing has changed: every row of every table of the product, before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps

APPS = ("users", "projects", "payment", "chat")


def everything() -> dict[str, list[Any]]:
    """Every row of the four apps by table. Sessions and other bookkeeping of libraries are none of the product's."""
    models = [model for label in APPS for model in apps.get_app_config(label).get_models(include_auto_created=True)]
    return {
        model._meta.db_table: sorted(model._base_manager.values_list(*_columns(model)), key=repr)
        for model in models
        if model._meta.managed and not model._meta.proxy
    }


def _columns(model: Any) -> list[str]:
    """All but the mark that signing in leaves."""
    return [field.attname for field in model._meta.concrete_fields if field.attname != "last_login"]


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Fails, with what is new and what is gone, when a row is other than before."""
    before = everything()
    yield
    after = everything()
    changed = {
        table: {
            "gone": [row for row in before[table] if row not in rows],
            "new": [r for r in rows if r not in before[table]],
        }
        for table, rows in after.items()
        if rows != before[table]
    }
    assert not changed
