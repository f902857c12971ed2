"""What payment tells whoever listens, inside the transaction."""

from django.dispatch import Signal

# sent with `deposit`: a waiting milestone or offer can be funded now
deposit_settled = Signal()
