"""API addresses of projects, under /api/v1/."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from projects import contract_urls
from projects.api.bids import BidViewSet, OfferViewSet
from projects.api.gigs import GigViewSet

router = SimpleRouter(use_regex_path=False)
router.register("gigs", GigViewSet, basename="gig")
router.register("bids", BidViewSet, basename="bid")
router.register("offers", OfferViewSet, basename="offer")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls, *contract_urls.resources]
