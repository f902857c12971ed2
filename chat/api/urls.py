"""API addresses of chat, under /api/v1/."""

from django.urls import path

from chat.api import views

urlpatterns = [
    path("rooms/", views.Rooms.as_view(), name="rooms"),
    path("rooms/with/", views.RoomWith.as_view(), name="room_with"),
    path("rooms/<uuid:pk>/", views.RoomShow.as_view(), name="room"),
    path("rooms/<uuid:pk>/join/", views.RoomJoin.as_view(), name="room_join"),
    path("rooms/<uuid:pk>/leave/", views.RoomLeave.as_view(), name="room_leave"),
    path("rooms/<uuid:pk>/read/", views.RoomRead.as_view(), name="room_read"),
    path("rooms/<uuid:pk>/messages/", views.RoomMessages.as_view(), name="room_messages"),
    path("rooms/<uuid:pk>/files/", views.RoomFiles.as_view(), name="room_files"),
    path("room-files/<uuid:pk>/", views.RoomFileShow.as_view(), name="room_file"),
    path("messages/<uuid:pk>/", views.MessageShow.as_view(), name="message"),
    path("messages/<uuid:pk>/reactions/", views.MessageReaction.as_view(), name="message_reactions"),
]
