"""What allauth asks of us: whether one may sign up, and a person made from an e-mail address alone."""

from __future__ import annotations

import logging
import smtplib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from .pro_sante_connect import ATTEMPT, LICENCE

log = logging.getLogger("consult.mail")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP)

    def login(self, request: HttpRequest, user: Any) -> None:
        """What waited for Pro Santé Connect in this session is over, and so is the short time it had, however one signed in."""
        for kept in (ATTEMPT, LICENCE):
            request.session.pop(kept, None)
        request.session.set_expiry(None)
        super().login(request, user)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people appear under their real name."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down does not keep anyone from signing up: the mail is asked for again later."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail not sent", extra={"why": type(error).__name__})
