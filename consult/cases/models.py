"""A case: the question behind a room of kind `case`, the card it leaves in a group's log, and what is said of its answers.

Events of votes, diagnoses and references carry ids; what they are about stands in these tables, where it can be withheld.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from consult.rooms.models import Message, Room


class Status(models.TextChoices):
    OPEN = "open"
    ANSWERED = "answered"
    CONSENSUS = "consensus"
    CLOSED = "closed"


class Urgency(models.TextChoices):
    HOUR = "hour"
    TODAY = "today"
    WEEK = "week"
    TEACHING = "teaching"


class Case(models.Model):
    """Title and question are words: they follow the withholding of the question's message."""

    room = models.OneToOneField(Room, primary_key=True, on_delete=models.CASCADE, related_name="case")
    asker = models.ForeignKey("clinicians.Person", on_delete=models.PROTECT, db_index=False, related_name="cases")
    question = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="+")  # the first post of the case's room
    specialty = models.CharField(max_length=8, blank=True)
    urgency = models.CharField(max_length=8, choices=Urgency, default=Urgency.WEEK)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    answers = models.PositiveIntegerField(default=0)  # posts by others than the asker, not withheld; kept by the worker
    group = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="cases_asked")
    card = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="+")  # in the group's log
    merged_into = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="+")  # asked twice: the answers go on there
    opened_at = models.DateTimeField(auto_now_add=True)
    first_answer_at = models.DateTimeField(null=True)
    status_at = models.DateTimeField(null=True)  # when its status became what it is, and who said so (null: an answer, or none any more)
    status_by = models.ForeignKey("clinicians.Person", null=True, on_delete=models.SET_NULL, related_name="+")
    accepted = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")  # the answer that helped
    accepted_version = models.BigIntegerField(null=True)  # the seq of the words that were marked: for others the mark does not hold
    accepted_seq = models.BigIntegerField(null=True)  # of its answer.accepted
    accepted_at = models.DateTimeField(null=True)
    consensus_at = models.DateTimeField(null=True)  # when a consensus was declared, and on what it rests
    consensus_answer = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    words = SearchVectorField(null=True)  # of title, question and template, kept by words.py; null where they are withheld
    pictures = models.PositiveIntegerField(default=0, db_default=0)  # in messages of its room that are not withheld; kept by the worker
    readers = ArrayField(models.UUIDField(), default=list, db_default=[])  # groups and people it is addressed to, kept by audience.py
    consensus_differential = models.ForeignKey("Differential", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["specialty", "-opened_at"]),
            models.Index(fields=["status", "-opened_at"]),
            models.Index(fields=["specialty", "status", "-opened_at"], name="cases_of_specialty_in_status"),
            models.Index(fields=["-opened_at", "-room"], name="cases_by_time"),
            models.Index(fields=["asker", "-opened_at"], name="cases_of_asker"),
            GinIndex(fields=["words", "readers", "specialty"], name="case_found"),  # any of them, or all at once: what both say is not read
        ]


class Due(models.Model):
    """What a case is still to be reminded of, and when: the worker takes the row away with its effect."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, db_index=False, related_name="due")
    what = models.CharField(max_length=10)  # unanswered, outcome
    weeks = models.PositiveSmallIntegerField(default=0)  # of an outcome
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "what", "weeks"], name="due_once")]


class SpecialtyFollow(models.Model):
    """A specialty group (clinicians.SpecialtyGroup) whose cases stand first in a person's feed, beside that of their own specialty."""

    pk = models.CompositePrimaryKey("person_id", "group_id")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, db_index=False, related_name="+")
    group = models.ForeignKey("clinicians.SpecialtyGroup", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class PersonFollow(models.Model):
    """A colleague whose cases a person wants to see first."""

    pk = models.CompositePrimaryKey("person_id", "followed_id")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, db_index=False, related_name="+")
    followed = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Collection(models.Model):
    """Cases that one person put together, for themselves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="collections")
    name = models.CharField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)


class Saved(models.Model):
    """A case in a collection. It gives no right: who may no longer read the case no longer sees it."""

    pk = models.CompositePrimaryKey("collection_id", "case_id")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, db_index=False, related_name="saved")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Template(models.Model):
    """What the asker said beside the question. Words: they follow the withholding of the question's message."""

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="template")
    age_band = models.CharField(max_length=12, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    history = models.TextField(blank=True)
    done = models.TextField(blank=True)
    feared = models.TextField(blank=True)


class Consent(models.Model):
    """What the patient was told and how their consent is recorded, as the asker states it; and who ended it."""

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="consent")
    told = ArrayField(models.CharField(max_length=12))
    recorded = models.CharField(max_length=16)
    by = models.ForeignKey("clinicians.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("clinicians.Person", null=True, on_delete=models.PROTECT, related_name="+")


class AnswerVote(models.Model):
    """One clinician's vote on one answer, for the words of `version`. What the author changed since, nobody has agreed with."""

    pk = models.CompositePrimaryKey("message_id", "person_id")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="+")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="votes")
    vote = models.CharField(max_length=8)  # agree, disagree
    version = models.BigIntegerField()
    live = models.BooleanField(default=True)  # false: the words changed, and the voter was told
    seq = models.BigIntegerField()  # of its vote.cast
    at = models.DateTimeField()


class Amendment(models.Model):
    """An answer that was marked or voted on, and then edited or taken back: `former` is the version somebody relied on."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="amendments")
    former = models.BigIntegerField()
    accepted = models.BooleanField()
    at = models.DateTimeField()


class Differential(models.Model):
    """A diagnosis that somebody proposed. Its words are withheld with the case's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="differentials")
    label = models.CharField(max_length=120)
    folded = models.CharField(max_length=200)  # without accents and case: the same diagnosis is proposed once
    person = models.ForeignKey("clinicians.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seq = models.BigIntegerField()  # of its differential.proposed
    withheld = models.CharField(max_length=12, null=True)  # noqa: DJ001  retracted, withdrawn, hidden

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "folded"], condition=models.Q(withheld=None), name="one_diagnosis_a_case")]


class Backing(models.Model):
    """One clinician who thinks of one of the diagnoses."""

    pk = models.CompositePrimaryKey("differential_id", "person_id")
    differential = models.ForeignKey(Differential, on_delete=models.CASCADE, db_index=False, related_name="backings")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    at = models.DateTimeField()


class Reference(models.Model):
    """A DOI, or the https address of a guideline, that hangs on an answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="references")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=4)  # doi, link
    link = models.CharField(max_length=500)
    person = models.ForeignKey("clinicians.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seq = models.BigIntegerField()
    withheld = models.CharField(max_length=12, null=True)  # noqa: DJ001  hidden

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "link"], condition=models.Q(withheld=None), name="one_reference_an_answer")]


class Proposal(models.Model):
    """A consensus was proposed to the asker, once for one version of an answer or one diagnosis."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, db_index=False, related_name="proposals")
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="+")
    version = models.BigIntegerField(null=True)
    differential = models.ForeignKey(Differential, null=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "message", "version", "differential"], nulls_distinct=False, name="one_proposal")]


class Outcome(models.Model):
    """How it ended, as the asker told it in a message of the room."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="outcomes")
    verdict = models.CharField(max_length=10)  # confirmed, other, unclear
    at = models.DateTimeField()
