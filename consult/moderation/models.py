"""What waits for a moderator: items of the queue, the reports and appeals behind them, the flagged person's answers.

Ids of rooms, messages and people stand here without foreign keys: an item outlives what it is about. Words that people wrote to the
moderators (a note, an answer, an appeal) stand here and nowhere else: neither in events nor in the audit trail.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Category(models.TextChoices):
    """What a report says is wrong."""

    IDENTIFIES_PATIENT = "identifies_patient", "Identifie un patient"
    DANGEROUS_ADVICE = "dangerous_advice", "Conseil dangereux"
    DISRESPECT = "disrespect", "Manque de respect"
    ADVERTISING = "advertising", "Publicité"
    NOT_CLINICIAN = "not_clinician", "N’est pas soignant"
    OTHER = "other", "Autre"


class Item(models.Model):
    """One thing to decide. `object` names what it is about among the items of its kind: of those, one is open at a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12)  # a file of consult/moderation/kinds
    object = models.CharField(max_length=80)
    urgency = models.PositiveSmallIntegerField(default=1)  # 3 comes first
    at = models.DateTimeField(db_default=Now())
    room_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)
    image_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)  # whom it is about: author, newcomer, who appeals
    moderator_id = models.UUIDField(null=True)  # who acted before, and therefore does not decide
    rule_id = models.UUIDField(null=True)
    act_id = models.UUIDField(null=True)  # report, hold: by which the message was hidden; appeal: against which it goes
    categories = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    count = models.PositiveIntegerField(default=1, db_default=1)  # of reports
    weight = models.PositiveSmallIntegerField(default=0, db_default=0)  # of reports, see reports.py
    announced = models.BooleanField(default=True, db_default=False)  # the console has heard of it
    claimed_by = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    deciding = models.CharField(max_length=12, null=True)  # noqa: DJ001  the decision whose effect its holder is bringing about, while the claim lasts
    decision = models.CharField(max_length=12, null=True)  # noqa: DJ001  null: open
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, db_default="")  # of the moderator who decided: for moderators; of an appeal, for who made it too

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object"], condition=models.Q(decision=None), name="one_open_item")]
        indexes = [
            models.Index(fields=["-urgency", "at", "id"], condition=models.Q(decision=None), name="open_items"),
            models.Index(fields=["claimed_until"], condition=models.Q(decision=None, claimed_by__isnull=False), name="claimed_items"),
            models.Index(fields=["id"], condition=models.Q(announced=False), name="items_to_announce"),
            models.Index(fields=["kind", "object"], name="items_by_object"),
            models.Index(fields=["person_id", "-at"], name="items_about"),
            models.Index(fields=["decided_at"], name="decided_items"),
        ]


class Report(models.Model):
    """One person's flag: once an item and category. What was decided may be flagged anew (reports.py says when)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, db_index=False, related_name="reports")
    object = models.CharField(max_length=80)
    reporter_id = models.UUIDField()
    category = models.CharField(max_length=20, choices=Category)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    pardoned = models.BooleanField(default=False)  # a dismissal that a moderator looked at: it no longer weakens its author's flags
    told = models.BooleanField(default=False)  # the reporter heard `report.decided`

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "reporter_id", "category"], name="one_report_an_item")]
        indexes = [models.Index(fields=["reporter_id", "-at"], name="reports_by"), models.Index(fields=["item"], condition=models.Q(told=False), name="reports_to_tell")]


class Answer(models.Model):
    """What the flagged person says to the moderators."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="answers")
    person_id = models.UUIDField()
    text = models.CharField(max_length=2000)
    at = models.DateTimeField(auto_now_add=True)


class Appeal(models.Model):
    """The sanctioned person's words against one act; once an act."""

    act_id = models.UUIDField(unique=True)
    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="appeal")
    person_id = models.UUIDField()
    text = models.CharField(max_length=2000)
    at = models.DateTimeField(auto_now_add=True)
    told = models.BooleanField(default=False, db_default=False)  # who appealed heard `appeal.decided`

    class Meta:
        indexes = [models.Index(fields=["item"], condition=models.Q(told=False), name="appeals_to_tell")]


class Reading(models.Model):
    """A moderator asks to read the private room of one report. Another one agrees or refuses; it is an item like any other."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="reading")
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="+")
    room_id = models.UUIDField()
    asker_id = models.UUIDField()
    reason = models.CharField(max_length=200)
    agreed_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    told = models.BooleanField(default=False)  # the members, once it is over

    class Meta:
        indexes = [models.Index(fields=["until"], condition=models.Q(told=False, until__isnull=False), name="readings_to_tell")]


class RuleKind(models.TextChoices):
    WORDS = "words", "Mots"
    PATTERN = "pattern", "Motif"
    LINKS = "links", "Liens"
    RATE = "rate", "Cadence"
    NEWCOMER = "newcomer", "Nouveaux venus"


class Action(models.TextChoices):
    """What happens to what a rule finds."""

    HINT = "hint", "Conseiller l’auteur"
    HOLD = "hold", "Retenir"
    FLAG = "flag", "Signaler"


class Rule(models.Model):
    """What an administrator wants to be noticed. `version` counts what it looks for; only a tried version goes live."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name_fr = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=RuleKind)
    data = models.JSONField()
    action = models.CharField(max_length=4, choices=Action)
    live = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name_fr


class Trial(models.Model):
    """A dry run of one version of a rule over the messages of the last days: what it would have found."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, db_index=False, related_name="trials")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    rooms = models.PositiveIntegerField(default=0)  # to look through
    rooms_done = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)  # messages
    found = models.PositiveIntegerField(default=0)
    slowest_ms = models.FloatField(default=0)  # of one message
    sample = ArrayField(models.UUIDField(), default=list)  # some of those found

    class Meta:
        indexes = [models.Index(fields=["rule", "-at"], name="trials_of_a_rule")]
