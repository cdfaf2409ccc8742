from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "consult.rooms"

    def ready(self) -> None:
        from consult.rooms.actions import calls, hiding, pictures, sanctions, states, threads, visits  # noqa: F401  the tools: each module adds its own to actions/tools.py
