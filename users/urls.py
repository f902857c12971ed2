"""Addresses of users."""

from django.urls import path

from users.views import blocks, demo, notifications, people, preferences, push, reports, settings, tokens

app_name = "users"
urlpatterns = [
    path("people/", people.index, name="people"),
    path("people/<slug:slug>/", people.show, name="person"),
    path("people/<slug:slug>/picture/<str:revision>/", people.avatar, name="avatar"),
    path("welcome/", settings.welcome, name="welcome"),
    path("settings/", settings.show, name="settings"),
    path("settings/notifications/", preferences.show, name="preferences"),
    path("settings/sessions/end/", settings.end_session, name="session_end"),
    path("settings/tokens/", tokens.index, name="tokens"),
    path("settings/tokens/end/", tokens.end, name="token_end"),
    path("settings/appeals/<uuid:pk>/", settings.appeal, name="appeal"),
    path("settings/blocked/", blocks.index, name="blocked"),
    path("people/<slug:slug>/block/", blocks.block, name="block"),
    path("people/<slug:slug>/unblock/", blocks.unblock, name="unblock"),
    path("report/<slug:kind>/<uuid:pk>/", reports.new, name="report"),
    path("notifications/", notifications.index, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/news/", notifications.news, name="news"),
    path("notifications/read/", notifications.read, name="notifications_read"),
    path("notifications/push/", push.subscribe, name="push"),
    path("notifications/push/end/", push.unsubscribe, name="push_end"),
    path("notifications/unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("demo/mail/", demo.mail, name="demo_mail"),
]
