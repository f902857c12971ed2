from projects.models.activity import Activity, ActivityCounter
from projects.models.clock import Clock
from projects.models.contract import Contract, Terms
from projects.models.dispute import Dispute
from projects.models.milestone import ChangeRequest, Delivery, DeliveryFile, Milestone
from projects.models.review import Review

__all__ = [
    "Activity",
    "ActivityCounter",
    "ChangeRequest",
    "Clock",
    "Contract",
    "Delivery",
    "DeliveryFile",
    "Dispute",
    "Milestone",
    "Review",
    "Terms",
]
