from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "consult.moderation"

    def ready(self) -> None:
        from consult import checks  # noqa: F401  registers the system checks
        from consult.moderation import holding
        from consult.rooms import judging

        judging.register(holding.judge)
