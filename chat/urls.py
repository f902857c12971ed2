"""Addresses of chat."""

from django.urls import path

from chat.views import messages, rooms

app_name = "chat"
urlpatterns = [
    path("messages/", rooms.index, name="index"),
    path("messages/unread/", rooms.unread, name="unread"),
    path("messages/new/", rooms.new_group, name="new_group"),
    path("messages/with/<slug:slug>/", rooms.with_person, name="with"),
    path("messages/files/<uuid:pk>/", messages.attachment, name="attachment"),
    path("messages/message/<uuid:pk>/", messages.show, name="message"),
    path("messages/message/<uuid:pk>/delete/", messages.delete, name="message_delete"),
    path("messages/<uuid:pk>/", rooms.show, name="room"),
    path("messages/<uuid:pk>/post/", messages.post, name="post"),
    path("messages/<uuid:pk>/after/", messages.after, name="after"),
    path("messages/<uuid:pk>/older/", messages.older, name="older"),
    path("messages/<uuid:pk>/files/", messages.upload, name="upload"),
    path("messages/<uuid:pk>/read/", rooms.read, name="read"),
    path("messages/<uuid:pk>/join/", rooms.join, name="join"),
    path("messages/<uuid:pk>/leave/", rooms.leave, name="leave"),
]
