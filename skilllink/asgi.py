"""HTTP goes to Django, `/ws/` to the one socket. An unsafe production does not start."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # before anything that imports models

from skilllink.checks import faults  # noqa: E402

# before anything that signs: without a key there is a sentence, not a traceback
if found := faults():
    raise SystemExit("\n".join(f"SkillLink does not start: {fault}" for fault in found))

from channels.routing import ProtocolTypeRouter  # noqa: E402

from skilllink.realtime.routing import websocket_application  # noqa: E402

application = ProtocolTypeRouter({"http": django_application, "websocket": websocket_application})
