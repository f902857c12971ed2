"""API addresses of users, under /api/v1/."""

from django.urls import path

from users.api import blocks, preferences, push, views

urlpatterns = [
    path("auth/tokens/", views.Tokens.as_view(), name="tokens"),
    path("auth/tokens/<str:pk>/", views.TokenShow.as_view(), name="token"),
    path("me/", views.Me.as_view(), name="me"),
    path("notifications/", views.Notifications.as_view(), name="notifications"),
    path("notifications/read/", views.NotificationsRead.as_view(), name="notifications_read"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("push-subscriptions/", push.PushSubscriptions.as_view(), name="push_subscriptions"),
    path("push-subscriptions/<str:pk>/", push.PushSubscriptionShow.as_view(), name="push_subscription"),
    path("blocks/", blocks.Blocks.as_view(), name="blocks"),
    path("blocks/<uuid:pk>/", blocks.BlockShow.as_view(), name="block"),
    path("ws-tickets/", views.Tickets.as_view(), name="ws_tickets"),
]
