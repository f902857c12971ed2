"""HTTP goes to Django, `/ws/` to the one socket. An unsafe production does not start."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.core.checks import Tags, run_checks  # noqa: E402

from skilllink.realtime.routing import websocket_application  # noqa: E402

if faults := [fault for fault in run_checks(tags=[Tags.security]) if fault.is_serious()]:
    raise SystemExit("\n".join(f"SkillLink does not start: {fault.msg}" for fault in faults))

application = ProtocolTypeRouter({"http": django_application, "websocket": websocket_application})
