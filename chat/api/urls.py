"""API addresses of chat, under /api/v1/."""

from django.urls import path

from chat.api.views import RoomMessages, Rooms

urlpatterns = [
    path("rooms/", Rooms.as_view(), name="rooms"),
    path("rooms/<uuid:pk>/messages/", RoomMessages.as_view(), name="room_messages"),
]
