from projects.models.activity import Activity, ActivityCounter
from projects.models.bid import Bid, BidFile, BidVersion
from projects.models.bonus import Bonus
from projects.models.category import Category
from projects.models.clock import Clock
from projects.models.contract import Contract, Terms
from projects.models.dispute import Dispute
from projects.models.gig import Gig, GigFile, Invitation
from projects.models.hours import TimeEntry
from projects.models.milestone import ChangeRequest, Delivery, DeliveryFile, Milestone
from projects.models.offer import Offer
from projects.models.review import Review

__all__ = [
    "Activity",
    "ActivityCounter",
    "Bid",
    "BidFile",
    "BidVersion",
    "Bonus",
    "Category",
    "ChangeRequest",
    "Clock",
    "Contract",
    "Delivery",
    "DeliveryFile",
    "Dispute",
    "Gig",
    "GigFile",
    "Invitation",
    "Milestone",
    "Offer",
    "Review",
    "Terms",
    "TimeEntry",
]
