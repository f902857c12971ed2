from users.models.token import ApiToken
from users.models.user import User

__all__ = ["ApiToken", "User"]
