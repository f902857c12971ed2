"""What every API resource shares."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Newest first, at most 100 a page; `id` is time-ordered, so it is the cursor."""

    ordering = "-id"
    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100
