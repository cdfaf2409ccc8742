"""Who is speaking: the account with its profile and its linked licence, and the code lists of professions and specialties."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction

from consult.standing.models import Standing


class SpecialtyGroup(models.Model):
    """What people call a specialty: several official codes are one group (an editable mapping, not code)."""

    code = models.CharField(max_length=4, primary_key=True)  # DER, CAR: shown on code tiles
    name_fr = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name_fr}"


class Specialty(models.Model):
    """A code of TRE_R38, and the group it belongs to."""

    code = models.CharField(max_length=8, primary_key=True)
    label = models.CharField(max_length=160)
    group = models.ForeignKey(SpecialtyGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="specialties")

    class Meta:
        verbose_name_plural = "specialties"

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class Profession(models.Model):
    """A code of TRE_G15, and the group of those among them who have no specialty."""

    code = models.CharField(max_length=4, primary_key=True)
    label = models.CharField(max_length=80)
    group = models.ForeignKey(SpecialtyGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="professions")

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save()
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """One account, one human being, under their real name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    title = models.CharField(max_length=12, blank=True)  # "Dr", "Pr"
    given_name = models.CharField(max_length=60, blank=True)
    family_name = models.CharField(max_length=60, blank=True)
    profession = models.CharField(max_length=4, blank=True)
    specialty = models.CharField(max_length=8, blank=True)
    level = models.CharField(max_length=40, blank=True)  # "Interne, 3e année", "Étudiante, 5e année"
    place = models.CharField(max_length=120, blank=True)
    locale = models.CharField(max_length=2, default="fr", choices=[("fr", "Français"), ("en", "English")])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return " ".join(x for x in (self.title, self.given_name, self.family_name) if x) or "—"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new account gets its standing in the same transaction: every check of rights joins it."""
        adding = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if adding:
                Standing.objects.get_or_create(person_id=self.pk)


class LinkedLicence(models.Model):
    """The number of the register that Pro Santé Connect proved for this account: it signs its person in."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="linked_licence")
    issuer = models.CharField(max_length=200)  # the sandbox's people are not the real ones
    rpps = models.CharField(max_length=11)
    linked_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "rpps"], name="one_account_a_licence")]
