"""The code lists, and the groups people know."""

from __future__ import annotations

import pytest
from django.test import Client

from consult.clinicians import codes
from consult.clinicians.models import Profession, Specialty, SpecialtyGroup
from tests.people import as_app, unverified

pytestmark = pytest.mark.django_db


def test_every_code_is_loaded_and_every_specialty_has_one_group() -> None:
    assert Specialty.objects.count() == sum(1 for _ in codes.rows("specialites"))
    assert Profession.objects.count() == 24
    assert not Specialty.objects.filter(group=None).exists()
    assert set(Profession.objects.filter(group=None).values_list("code", flat=True)) == {"10"}  # a doctor without a specialty yet
    named = [code for row in codes.rows("groups") for code in row["specialties"].split() + row["professions"].split()]
    assert len(named) == len(set(named))
    assert set(named) <= {*Specialty.objects.values_list("code", flat=True), *Profession.objects.values_list("code", flat=True)}


@pytest.mark.parametrize("same", ["SM26 SM53 SM54", "SM04 SM73", "SM34 SM39", "SM44 SM74", "SM16 SM62", "SM27 SM72", "SM42 SM43 SM92 SM93"])
def test_codes_that_are_one_group_for_people(same: str) -> None:
    assert len(set(Specialty.objects.filter(code__in=same.split()).values_list("group_id", flat=True))) == 1


def test_loading_again_keeps_what_an_administrator_changed() -> None:
    Specialty.objects.filter(code="SM43").update(group_id="PED")
    codes.load(group=SpecialtyGroup, specialty=Specialty, profession=Profession)
    assert Specialty.objects.get(code="SM43").group_id == "PED"  # type: ignore[attr-defined]


def test_a_newcomer_may_read_them() -> None:
    answer = Client().get("/api/v1/specialties", headers=as_app(unverified())).json()
    first = answer["groups"][0]
    assert (first["code"], first["name"]) == ("MG", {"fr": "Médecine générale", "en": "General practice"})
    assert [each["code"] for each in first["specialties"]] == ["SM26", "SM53", "SM54"]
    assert {"code": "21", "label": "Pharmacien"} in answer["professions"]
