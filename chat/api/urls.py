"""API addresses of chat, under /api/v1/."""

from django.urls import path

from chat.api import people, search, views

urlpatterns = [
    path("rooms/", views.Rooms.as_view(), name="rooms"),
    path("rooms/open/", people.OpenRooms.as_view(), name="rooms_open"),
    path("room-invitations/", people.MyInvitations.as_view(), name="my_invitations"),
    path("rooms/with/", views.RoomWith.as_view(), name="room_with"),
    path("rooms/<uuid:pk>/", views.RoomShow.as_view(), name="room"),
    path("rooms/<uuid:pk>/join/", views.RoomJoin.as_view(), name="room_join"),
    path("rooms/<uuid:pk>/leave/", views.RoomLeave.as_view(), name="room_leave"),
    path("rooms/<uuid:pk>/decline/", people.RoomDecline.as_view(), name="room_decline"),
    path("rooms/<uuid:pk>/mute/", people.RoomMute.as_view(), name="room_mute"),
    path("rooms/<uuid:pk>/note/", people.RoomNote.as_view(), name="room_note"),
    path("rooms/<uuid:pk>/invitations/", people.RoomInvitations.as_view(), name="room_invitations"),
    path("rooms/<uuid:pk>/invitations/<uuid:user_id>/", people.RoomInvitation.as_view(), name="room_invitation"),
    path("rooms/<uuid:pk>/members/", people.RoomMembers.as_view(), name="room_members"),
    path("rooms/<uuid:pk>/members/<uuid:user_id>/role/", people.MemberRole.as_view(), name="member_role"),
    path("rooms/<uuid:pk>/members/<uuid:user_id>/silence/", people.MemberSilence.as_view(), name="member_silence"),
    path("rooms/<uuid:pk>/members/<uuid:user_id>/ban/", people.MemberBan.as_view(), name="member_ban"),
    path("rooms/<uuid:pk>/members/<uuid:user_id>/unban/", people.MemberUnban.as_view(), name="member_unban"),
    path("rooms/<uuid:pk>/members/<uuid:user_id>/owner/", people.MemberOwner.as_view(), name="member_owner"),
    path("rooms/<uuid:pk>/reads/", people.RoomReads.as_view(), name="room_reads"),
    path("rooms/<uuid:pk>/read/", views.RoomRead.as_view(), name="room_read"),
    path("rooms/<uuid:pk>/messages/", views.RoomMessages.as_view(), name="room_messages"),
    path("rooms/<uuid:pk>/pins/", views.RoomPins.as_view(), name="room_pins"),
    path("rooms/<uuid:pk>/files/", views.RoomFiles.as_view(), name="room_files"),
    path("room-files/<uuid:pk>/preview/", views.RoomFilePreview.as_view(), name="room_file_preview"),
    path("room-files/<uuid:pk>/", views.RoomFileShow.as_view(), name="room_file"),
    path("messages/", search.Messages.as_view(), name="messages"),
    path("messages/<uuid:pk>/", views.MessageShow.as_view(), name="message"),
    path("messages/<uuid:pk>/pin/", views.MessagePin.as_view(), name="message_pin"),
    path("messages/<uuid:pk>/versions/", views.MessageVersions.as_view(), name="message_versions"),
    path("messages/<uuid:pk>/reactions/", views.MessageReaction.as_view(), name="message_reactions"),
]
