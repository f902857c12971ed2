from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from skilllink.realtime.socket import socket

websocket_application = SessionMiddlewareStack(URLRouter([path("ws/", socket)]))
