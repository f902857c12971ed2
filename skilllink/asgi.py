"""HTTP goes to Django, `/ws/` to the one socket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

django_application = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402

from skilllink.realtime.routing import websocket_application  # noqa: E402

application = ProtocolTypeRouter({"http": django_application, "websocket": websocket_application})
