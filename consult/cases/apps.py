from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "consult.cases"

    def ready(self) -> None:
        from consult.cases import acting, hiding, moving  # noqa: F401  hiding and moving add their tools to rooms/actions/tools.py
        from consult.rooms import carrying
        from consult.rooms.commands.cases import CaseCommand

        carrying.carries(CaseCommand, acting.act_many)
