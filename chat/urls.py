"""Addresses of chat."""

from django.urls import path

from chat.views import details, groups, messages, rooms, search

app_name = "chat"
urlpatterns = [
    path("messages/", rooms.index, name="index"),
    path("messages/unread/", rooms.unread, name="unread"),
    path("messages/new/", groups.new, name="new_group"),
    path("messages/search/", search.index, name="search"),
    path("messages/groups/", groups.index, name="groups"),
    path("messages/join/", groups.enter, name="enter"),
    path("messages/with/<slug:slug>/", rooms.with_person, name="with"),
    path("messages/files/<uuid:pk>/", messages.attachment, name="attachment"),
    path("messages/files/<uuid:pk>/preview/", messages.preview, name="attachment_preview"),
    path("messages/message/<uuid:pk>/", messages.show, name="message"),
    path("messages/message/<uuid:pk>/acts/", messages.acts, name="message_acts"),
    path("messages/message/<uuid:pk>/edit/", messages.edit, name="message_edit"),
    path("messages/message/<uuid:pk>/react/", messages.react, name="message_react"),
    path("messages/message/<uuid:pk>/pin/", messages.pin, name="message_pin"),
    path("messages/message/<uuid:pk>/delete/", messages.delete, name="message_delete"),
    path("messages/<uuid:pk>/", rooms.show, name="room"),
    path("messages/<uuid:pk>/post/", messages.post, name="post"),
    path("messages/<uuid:pk>/older/", messages.older, name="older"),
    path("messages/<uuid:pk>/rows/", messages.several, name="rows"),
    path("messages/<uuid:pk>/files/", messages.upload, name="upload"),
    path("messages/<uuid:pk>/read/", rooms.read, name="read"),
    path("messages/<uuid:pk>/join/", groups.join, name="join"),
    path("messages/<uuid:pk>/decline/", groups.decline, name="decline"),
    path("messages/<uuid:pk>/details/", details.show, name="details"),
    path("messages/<uuid:pk>/note/", details.note, name="note"),
    path("messages/<uuid:pk>/mute/", details.mute, name="mute"),
    path("messages/<uuid:pk>/change/", details.change, name="change"),
    path("messages/<uuid:pk>/invite/", details.invite, name="invite"),
    path("messages/<uuid:pk>/invitations/", details.send_invitation, name="send_invitation"),
    path("messages/<uuid:pk>/leave/", details.leave, name="leave"),
    path("messages/<uuid:pk>/delete/", details.delete, name="delete"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/", details.person, name="person"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/role/", details.appoint, name="appoint"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/silence/", details.silence, name="silence"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/ban/", details.ban, name="ban"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/unban/", details.unban, name="unban"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/owner/", details.hand_over, name="hand_over"),
    path("messages/<uuid:pk>/people/<uuid:user_id>/invitation/", details.withdraw, name="withdraw"),
]
