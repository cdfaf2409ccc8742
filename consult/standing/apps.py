from django.apps import AppConfig


class StandingConfig(AppConfig):
    name = "consult.standing"
