"""Rules in Django's admin: written, tried and switched by the same actions as over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from consult.errors import Refusal
from consult.locale import locale_of

from . import rules, trials
from .models import Rule

HELP = (
    'words : {"words": ["…"]} · pattern : {"pattern": "…"} (RE2) · links : {"hosts": ["has-sante.fr"]}, tout autre lien est trouvé · '
    'rate : {"messages": 20, "seconds": 60} · newcomer : {"messages": 5, "seconds": 86400, "days": 7}'
)


class RuleForm(forms.ModelForm):
    class Meta:
        model = Rule
        fields = ("name_fr", "name_en", "kind", "data", "action", "live")
        help_texts = {"data": HELP, "live": "Après un essai sur les 30 derniers jours."}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                rules.may_stand(self.instance, **{name: cleaned[name] for name in ("kind", "data", "action", "live")})
            except Refusal as refusal:
                raise ValidationError(f"{refusal.say('fr')} {refusal.extra.get('detail', '')}".strip()) from None
        return cleaned


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):
    form = RuleForm
    list_display = ("name_fr", "kind", "action", "live", "version", "tried")
    actions = ("try_them",)

    @admin.display(description="essai")
    def tried(self, rule: Rule) -> str:
        trial = rule.trials.order_by("-at").first()
        if trial is None:
            return "—"
        state = f"{trial.found} / {trial.seen}" if trial.finished_at else f"{trial.rooms_done} / {trial.rooms or '?'} salles"
        return f"v{trial.version} : {'échec' if trial.failed else state}"

    @admin.action(description="Essayer sur les 30 derniers jours", permissions=["change"])
    def try_them(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        for rule in queryset:
            trials.start(person_id=request.user.pk, rule=str(rule.pk))  # type: ignore[arg-type]
        self.message_user(request, f"Essais demandés : {len(queryset)}", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        said = {name: form.cleaned_data[name] for name in ("name_fr", "name_en", "kind", "data", "action")}
        by: uuid.UUID = request.user.pk  # type: ignore[assignment]
        try:
            if change:
                rules.change(person_id=by, rule=str(obj.pk), live=form.cleaned_data["live"], **said)
            else:
                obj.pk = uuid.UUID(rules.create(person_id=by, client_id=uuid.uuid4(), **said)["rule"])
        except Refusal as refusal:  # meanwhile somebody changed it, or there are too many
            self.message_user(request, refusal.say(locale_of(request)), messages.ERROR)

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        rules.remove(person_id=request.user.pk, rule=str(obj.pk))  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)
