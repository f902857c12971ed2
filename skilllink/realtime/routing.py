from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from skilllink.realtime.brake import with_brake
from skilllink.realtime.socket import socket

websocket_application = with_brake(SessionMiddlewareStack(URLRouter([path("ws/", socket)])))
