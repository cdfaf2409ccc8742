"""The HTTP door to a colleague and to the code lists. /me and /people are in rooms, which knows personal rooms and readers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from consult.locale import locale_of

from . import directory
from .actions import require_verified
from .models import Profession, SpecialtyGroup
from .shapes import Card, Specialties

router = Router(tags=["people"])


@router.get("/people/{person}", response=Card, by_alias=True, summary="One verified clinician")
def person(request: HttpRequest, person: str) -> Any:
    require_verified(request.user)
    return directory.find(person, locale_of(request))


@router.get("/specialties", response=Specialties, summary="Specialty groups with their codes, and professions")
def specialties(request: HttpRequest) -> Any:
    groups = SpecialtyGroup.objects.prefetch_related("specialties")
    return {
        "groups": [
            {
                "code": group.code,
                "name": {"fr": group.name_fr, "en": group.name_en},
                "specialties": [{"code": each.code, "label": each.label} for each in sorted(group.specialties.all(), key=lambda each: each.code)],
            }
            for group in groups
        ],
        "professions": [{"code": each.code, "label": each.label} for each in Profession.objects.order_by("code")],
    }
