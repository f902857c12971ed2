"""Addresses of gigs, bids and offers."""

from django.urls import path

from projects.views import bids, gigs, offers

urlpatterns = [
    path("gigs/", gigs.index, name="gigs"),
    path("gigs/arrivals/", gigs.arrivals, name="gig_arrivals"),
    path("gigs/new/", gigs.new, name="gig_new"),
    path("gigs/draft/", gigs.draft, name="gig_draft"),
    path("gigs/preview/", gigs.preview, name="gig_preview"),
    path("gigs/mine/", gigs.mine, name="gigs_mine"),
    path("gigs/<uuid:pk>/edit/", gigs.edit, name="gig_edit"),
    path("gigs/<uuid:pk>/part/<slug:name>/", gigs.part, name="gig_part"),
    path("gigs/<uuid:pk>/compare/", gigs.compare, name="gig_compare"),
    path("gigs/<uuid:pk>/away/", gigs.away, name="gig_away"),
    path("gigs/<uuid:pk>/pause/", gigs.act, {"name": "pause"}, name="gig_pause"),
    path("gigs/<uuid:pk>/resume/", gigs.act, {"name": "resume"}, name="gig_resume"),
    path("gigs/<uuid:pk>/renew/", gigs.act, {"name": "renew"}, name="gig_renew"),
    path("gigs/<uuid:pk>/close/", gigs.close, name="gig_close"),
    path("gigs/<uuid:pk>/questions/", gigs.questions, name="gig_questions"),
    path("gigs/<uuid:pk>/invite/", gigs.invite, name="gig_invite"),
    path("gigs/<uuid:pk>/bids/new/", bids.new, name="bid_new"),
    path("gigs/<uuid:pk>/", gigs.show, name="gig"),
    path("gigs/<uuid:pk>/<slug:slug>/", gigs.show, name="gig"),
    path("gig-files/<uuid:pk>/", gigs.file, name="gig_file"),
    path("gig-files/<uuid:pk>/removal/", gigs.remove_file, name="gig_file_removal"),
    path("bids/", bids.mine, name="bids_mine"),
    path("bids/<uuid:pk>/", bids.show, name="bid"),
    path("bids/<uuid:pk>/edit/", bids.edit, name="bid_edit"),
    path("bids/<uuid:pk>/withdraw/", bids.withdraw, name="bid_withdraw"),
    path("bids/<uuid:pk>/shortlist/", bids.shortlist, name="bid_shortlist"),
    path("bids/<uuid:pk>/archive/", bids.archive, name="bid_archive"),
    path("bids/<uuid:pk>/decline/", bids.decline, name="bid_decline"),
    path("bids/<uuid:pk>/room/", bids.room, name="bid_room"),
    path("bids/<uuid:pk>/offers/new/", offers.new, name="offer_new"),
    path("bid-files/<uuid:pk>/", bids.file, name="bid_file"),
    path("offers/<uuid:pk>/", offers.show, name="offer"),
    path("offers/<uuid:pk>/accept/", offers.accept, name="offer_accept"),
    path("offers/<uuid:pk>/counter/", offers.counter, name="offer_counter"),
    path("offers/<uuid:pk>/decline/", offers.decline, name="offer_decline"),
    path("offers/<uuid:pk>/withdraw/", offers.withdraw, name="offer_withdraw"),
]
