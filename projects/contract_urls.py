"""Addresses of contracts, milestones, disputes and reviews; `projects.urls` includes them."""

from django.urls import path, re_path

from projects.views import contracts, disputes, milestones, reviews

pages = [
    path("contracts/", contracts.index, name="contracts"),
    path("contracts/<uuid:pk>/", contracts.show, name="contract"),
    re_path(
        r"^contracts/(?P<pk>[0-9a-f-]{36})/(?P<name>folio|rail|timeline|bar)/$", contracts.part, name="contract_part"
    ),
    path("contracts/<uuid:pk>/terms/", contracts.terms, name="contract_terms"),
    path("contracts/<uuid:pk>/calendar.ics", contracts.calendar, name="contract_calendar"),
    path("contracts/<uuid:pk>/propose/", contracts.propose, name="contract_propose"),
    path("contracts/<uuid:pk>/hours/", contracts.propose_hours, name="contract_hours"),
    path("contracts/<uuid:pk>/bonus/", contracts.bonus, name="contract_bonus"),
    path("contracts/<uuid:pk>/end/", contracts.end, name="contract_end"),
    path("contracts/<uuid:pk>/review/", reviews.write, name="review"),
    path("reviews/<uuid:pk>/reply/", reviews.reply, name="review_reply"),
    path("milestones/<uuid:pk>/<slug:name>/", milestones.act, name="milestone_act"),
    path("deliveries/files/<uuid:pk>/", milestones.delivery_file, name="delivery_file"),
    path("disputes/<uuid:pk>/", disputes.show, name="dispute"),
    path("disputes/<uuid:pk>/body/", disputes.body, name="dispute_body"),
    path("disputes/<uuid:pk>/answer/", disputes.answer, name="dispute_answer"),
    path("disputes/<uuid:pk>/accept/", disputes.accept, name="dispute_accept"),
    path("disputes/<uuid:pk>/withdraw/", disputes.withdraw, name="dispute_withdraw"),
]
