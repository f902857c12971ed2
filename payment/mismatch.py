"""What a gateway says that doesn't fit our books. Nothing moves; finance looks at it."""

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Conflict


class Mismatch(Conflict):
    code = "deposit.mismatch"
    sentence = _("The gateway answered with another amount. Nothing was credited; we look into it.")
