from django.apps import AppConfig


class CliniciansConfig(AppConfig):
    name = "consult.clinicians"
