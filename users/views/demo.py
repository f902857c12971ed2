"""The demo's mailbox: what would have been sent."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The last fifty mails, newest first; `?to=` narrows them. Only in the demo."""
    if not settings.DEMO:
        raise Http404
    to = request.GET.get("to", "")
    folder = Path(settings.EMAIL_FILE_PATH)
    files = (
        sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True) if folder.exists() else []
    )
    mails = [mail for path in files[:200] for mail in _read(path) if to in mail["to"]]
    return render(request, "demo/mail.html", {"mails": mails[:50], "to": to})


def _read(path: Path) -> list[dict[str, Any]]:
    """Django's file backend separates mails by a line of dashes."""
    found = []
    for raw in path.read_bytes().split(b"-" * 79 + b"\n"):
        if not raw.strip():
            continue
        message = message_from_bytes(raw, policy=policy.default)
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        found.append(
            {"to": str(message["To"]), "subject": str(message["Subject"]), "at": message["Date"], "text": text}
        )
    return found
