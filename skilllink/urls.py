"""The root of all addresses. Each app keeps its own in `<app>/urls.py` and `<app>/api/urls.py`."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from skilllink import answers, appearance, gallery, health, pages
from skilllink.realtime import over_http

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

api = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("events/", over_http.Events.as_view(), name="events"),
    path("frames/", over_http.Frames.as_view(), name="frames"),
    path("", include("users.api.urls")),
    path("", include("chat.api.urls")),
    path("", include("payment.api.urls")),
    path("", include("projects.api.urls")),
]

urlpatterns = [
    path("", pages.home, name="home"),
    path("offline/", appearance.offline, name="offline"),
    path("worker.js", appearance.worker, name="worker"),
    path("appearance/", appearance.choose, name="appearance"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api, "api"))),
    path("accounts/", include("allauth.urls")),
    path("", include("users.urls")),
    path("", include("chat.urls")),
    path("", include("payment.urls")),
    path("", include("projects.urls")),
]

if settings.DEMO:
    urlpatterns += [
        path("demo/components/", gallery.components, name="gallery"),
        path("demo/refused/<int:status>/", gallery.refused, name="gallery_refused"),
    ]

handler400 = answers.page_400
handler403 = answers.page_403
handler404 = answers.page_404
handler500 = answers.page_500
