from channels.routing import URLRouter
from django.urls import path

from skilllink.realtime.brake import with_brake
from skilllink.realtime.socket import socket

websocket_application = with_brake(URLRouter([path("ws/", socket)]))
