"""API addresses of projects, under /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from projects.api.bids import BidViewSet
from projects.api.contracts import ContractViewSet
from projects.api.disputes import DisputeViewSet
from projects.api.files import BidFileShow, DeliveryFileShow, GigFileShow
from projects.api.gigs import GigViewSet
from projects.api.milestones import MilestoneViewSet
from projects.api.offers import OfferViewSet
from projects.api.reviews import ReviewViewSet

router = SimpleRouter(use_regex_path=False)
router.register("gigs", GigViewSet, basename="gig")
router.register("bids", BidViewSet, basename="bid")
router.register("offers", OfferViewSet, basename="offer")
router.register("contracts", ContractViewSet, basename="contract")
router.register("milestones", MilestoneViewSet, basename="milestone")
router.register("disputes", DisputeViewSet, basename="dispute")
router.register("reviews", ReviewViewSet, basename="review")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    path("gig-files/<uuid:pk>/", GigFileShow.as_view(), name="gig-file"),
    path("bid-files/<uuid:pk>/", BidFileShow.as_view(), name="bid-file"),
    path("delivery-files/<uuid:pk>/", DeliveryFileShow.as_view(), name="delivery-file"),
]
