"""The mapping of official codes to the groups people know, editable in the admin. People are in moderation's admin."""

from __future__ import annotations

from django.contrib import admin

from .models import Profession, Specialty, SpecialtyGroup


@admin.register(SpecialtyGroup)
class SpecialtyGroupAdmin(admin.ModelAdmin):
    list_display = ("code", "name_fr", "name_en", "order")
    list_editable = ("order",)
    search_fields = ("code", "name_fr", "name_en")


@admin.register(Specialty)
class SpecialtyAdmin(admin.ModelAdmin):
    list_display = ("code", "label", "group")
    list_editable = ("group",)
    list_filter = ("group",)
    list_select_related = ("group",)
    search_fields = ("code", "label")
    ordering = ("code",)


@admin.register(Profession)
class ProfessionAdmin(admin.ModelAdmin):
    list_display = ("code", "label", "group")
    list_editable = ("group",)
    list_select_related = ("group",)
    ordering = ("code",)
