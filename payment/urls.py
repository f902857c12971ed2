"""Addresses of payment."""

from django.urls import URLPattern, URLResolver

app_name = "payment"
urlpatterns: list[URLPattern | URLResolver] = []
