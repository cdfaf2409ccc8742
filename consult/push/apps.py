from django.apps import AppConfig


class PushConfig(AppConfig):
    name = "consult.push"
