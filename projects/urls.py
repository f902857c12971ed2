"""Addresses of projects."""

from django.urls import URLPattern, URLResolver

from projects import contract_urls, gig_urls

app_name = "projects"
urlpatterns: list[URLPattern | URLResolver] = [*gig_urls.urlpatterns, *contract_urls.pages]
