"""`python -m benchmarks.peers.sign_in PEOPLE SESSIONS` with the tutorial's settings: people who are signed in, each as often.

Prints the sessions' keys, one a line.
"""

import sys

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

for number in range(int(sys.argv[1])):
    user = get_user_model().objects.create(username=f"person{number}", password="!")
    for _session in range(int(sys.argv[2])):
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        print(store.session_key)
