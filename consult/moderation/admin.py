"""People with their standing in Django's admin: verify, revoke, suspend, lift. Each calls vetting, never a plain save."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from consult.clinicians.models import Person
from consult.standing.models import Standing, Verification

from . import admin_rules, vetting

__all__ = ["PersonAdmin", "admin_rules"]


class NewPerson(UserCreationForm):
    class Meta:
        model = Person
        fields = ("email",)


class ChangedPerson(UserChangeForm):
    class Meta:
        model = Person
        fields = "__all__"
        field_classes: dict[str, Any] = {}


class ByVerification(admin.SimpleListFilter):
    title, parameter_name = "vérification", "verification"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Verification.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verification=self.value()) if self.value() else queryset


@admin.register(Person)
class PersonAdmin(UserAdmin):
    form, add_form = ChangedPerson, NewPerson
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Profil", {"fields": ("title", "given_name", "family_name", "profession", "specialty", "level", "place", "locale")}),
        ("Compte", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Vérification", {"fields": ("verification", "register", "verified_at", "suspended_until", "moderator")}),
    )
    readonly_fields = ("verification", "register", "verified_at", "suspended_until", "moderator")
    list_display = ("email", "name", "profession", "specialty", "verification", "suspended_until", "moderator")
    list_filter = (ByVerification, "profession")
    search_fields = ("email", "given_name", "family_name")
    ordering = ("email",)
    filter_horizontal = ()
    actions = ("verify", "revoke", "suspend_a_day", "suspend_a_week", "lift")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        standing = Standing.objects.filter(person_id=OuterRef("pk"))
        people: QuerySet[Any] = super().get_queryset(request)
        return people.annotate(verification=Subquery(standing.values("verification")))  # type: ignore[no-any-return]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are closed (is_active), not deleted: their answers stay under their name."""
        return False

    @admin.display(ordering="verification", description="vérification")
    def verification(self, person: Any) -> str:
        return str(Verification(person.verification).label)

    @admin.display(description="registre")
    def register(self, person: Person) -> str:
        return _standing(person).register

    @admin.display(description="vérifié le")
    def verified_at(self, person: Person) -> Any:
        return _standing(person).verified_at

    @admin.display(description="suspendu jusqu’au")
    def suspended_until(self, person: Person) -> Any:
        return _standing(person).suspended_until

    @admin.display(boolean=True, description="modération")
    def moderator(self, person: Person) -> bool:
        return _standing(person).moderator

    @admin.action(description="Vérifier (pièce contrôlée)", permissions=["change"])
    def verify(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        self._each(request, people, lambda p: vetting.verify(person_id=p.pk, by=request.user.pk, register="admin"))

    @admin.action(description="Retirer la vérification", permissions=["change"])
    def revoke(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        self._each(request, people, lambda p: vetting.revoke(person_id=p.pk, by=request.user.pk, reason="admin"))

    @admin.action(description="Suspendre 24 heures", permissions=["change"])
    def suspend_a_day(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        self._each(request, people, lambda p: vetting.suspend(person_id=p.pk, until=timezone.now() + timedelta(days=1), by=request.user.pk, reason="admin"))

    @admin.action(description="Suspendre 7 jours", permissions=["change"])
    def suspend_a_week(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        self._each(request, people, lambda p: vetting.suspend(person_id=p.pk, until=timezone.now() + timedelta(days=7), by=request.user.pk, reason="admin"))

    @admin.action(description="Lever la suspension", permissions=["change"])
    def lift(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        self._each(request, people, lambda p: vetting.lift(person_id=p.pk, by=request.user.pk, reason="admin"))

    def _each(self, request: HttpRequest, people: QuerySet[Person], act: Callable[[Person], None]) -> None:
        for person in people:
            act(person)
        self.message_user(request, f"Fait : {len(people)}", messages.SUCCESS)


def _standing(person: Person) -> Standing:
    return Standing.objects.get(person_id=person.pk)
