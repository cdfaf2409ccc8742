"""People with their standing in Django's admin: verify, revoke, suspend, lift. Each calls vetting, never a plain save."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils import timezone

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms.actions import remits, suspension
from consult.rooms.models import Remit, Room
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

    def clean(self) -> dict[str, Any]:
        """An account that is closed, or no administrator's any more, leaves one as a suspension does."""
        said = super().clean() or self.cleaned_data
        if not (said.get("is_active", True) and said.get("is_staff", True)):
            try:
                suspension.keep_an_administrator(self.instance.pk, timezone.now())  # in the transaction that saves
            except Refusal as no:
                raise ValidationError(no.say("fr")) from no
        return said


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
        done = 0
        for person in people:
            try:
                act(person)
                done += 1
            except Refusal as no:
                self.message_user(request, f"{person.email} : {no.say('fr')}", messages.ERROR)
        if done:
            self.message_user(request, f"Fait : {done}", messages.SUCCESS)


def _standing(person: Person) -> Standing:
    return Standing.objects.get(person_id=person.pk)


class Group(ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.title}".strip()


@admin.register(Remit)
class RemitAdmin(admin.ModelAdmin):
    """Remits are given and taken, never changed: each has its line in the audit trail."""

    list_display = ("person", "where", "since")
    list_select_related = ("person", "group", "specialty")
    fields = ("person", "group", "specialty")
    autocomplete_fields = ("person",)
    search_fields = ("person__email", "person__family_name", "group__title")

    @admin.display(description="périmètre")
    def where(self, remit: Remit) -> str:
        if remit.specialty:
            return f"spécialité {remit.specialty}"
        return f"{remit.group.code} {remit.group.title}".strip() if remit.group else "partout"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "group":
            kwargs |= {"queryset": Room.objects.filter(kind="group").order_by("title"), "label": "groupe", "form_class": Group, "help_text": "Ni groupe ni spécialité : partout."}
        if db_field.name == "specialty":
            kwargs["help_text"] = "Ses groupes, les cas qui leur sont adressés, et ceux qui en relèvent où qu’ils soient adressés."
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Remit, form: Any, change: bool) -> None:
        remits.add(person_id=obj.person_id, group_id=obj.group_id, specialty=obj.specialty_id, by=request.user.pk, reason="admin")
        obj.pk = Remit.objects.get(person_id=obj.person_id, group_id=obj.group_id, specialty_id=obj.specialty_id).pk

    def delete_model(self, request: HttpRequest, obj: Remit) -> None:
        remits.remove(person_id=obj.person_id, group_id=obj.group_id, specialty=obj.specialty_id, by=request.user.pk, reason="admin")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for remit in queryset:
            self.delete_model(request, remit)
