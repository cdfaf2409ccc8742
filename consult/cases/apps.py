from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "consult.cases"

    def ready(self) -> None:
        from consult.cases import moving  # noqa: F401  adds its tools to rooms/actions/tools.py
