"""Gigs for moderators: a queue to read, hide and unhide with a reason, through the verbs. Nothing is edited here."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from projects import gigs
from projects.admin.moderated import Moderated, may_moderate
from projects.models import Gig
from skilllink.errors import Refusal


@admin.register(Gig)
class GigAdmin(Moderated):
    """The one act is to hide or unhide."""

    list_display = ("title", "client", "cause", "status", "visibility", "live_bids", "posted_at", "act")
    list_filter = ("status", "visibility", "category", ("cause", admin.EmptyFieldListFilter))
    search_fields = ("title", "client__name", "client__email")
    list_select_related = ("client", "cause")
    ordering = ("-posted_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).exclude(status=Gig.Status.DRAFT)

    @admin.display(description=_("act"))
    def act(self, gig: Gig) -> str:
        word = _("Unhide") if gig.status == Gig.Status.REMOVED else _("Hide")
        return format_html('<a href="{}">{}</a>', reverse("admin:projects_gig_moderate", args=[gig.pk]), word)

    def get_urls(self) -> list[URLPattern]:
        moderate = path("<uuid:pk>/moderate/", self.admin_site.admin_view(self.moderate), name="projects_gig_moderate")
        return [moderate, *super().get_urls()]

    def moderate(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask for the reason and call the verb."""
        gig = self.get_object(request, str(pk)) if may_moderate(request.user) else None
        if gig is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        hidden = gig.status == Gig.Status.REMOVED
        refusal, status = None, 200
        if request.method == "POST":
            verb = gigs.unhide if hidden else gigs.hide
            try:
                verb(gig, by=request.user, reason=request.POST.get("reason", ""))
            except Refusal as error:
                refusal, status = error, error.status
            else:
                self.message_user(request, _("Done, and noted in the staff log."), messages.SUCCESS)
                return redirect("admin:projects_gig_changelist")
        context = {
            **self.admin_site.each_context(request), "gig": gig, "hidden": hidden, "refusal": refusal,
            "opts": self.opts, "title": _("Unhide this gig") if hidden else _("Hide this gig"),
        }  # fmt: skip
        return render(request, "admin/projects/gig/moderate.html", context, status=status)
