"""What allauth asks of us: whether one may sign up, and a person made from an e-mail address alone."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people appear under their real name."""
