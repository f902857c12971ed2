from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.Model):
    """A shelf of the gig board. The list is the platform's (`projects/taxonomy.py`), kept by `post_migrate`."""

    slug = models.SlugField(_("slug"), max_length=40, primary_key=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("category"), _("categories")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name
