"""Rooms and their logs: an Event carries ids and is permanent; a Message carries words and can be emptied.

Rows of Event and Message are written by `rooms/actions` alone, under the row lock of their room; foreign keys are declared
without a database constraint there, because checking them would cost a lookup and a lock a row on the path of every message.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now


def new_epoch() -> str:
    return secrets.token_hex(6)


class Kind(models.TextChoices):
    GROUP = "group"
    CASE = "case"
    PRIVATE = "private"
    PERSONAL = "personal"
    CONSOLE = "console"  # the moderators' own: ids of what waits for them, no messages


class Room(models.Model):
    """A log with a head. Its row lock is what orders the log."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=4, blank=True)  # the tile: a specialty group's code
    epoch = models.CharField(max_length=16, default=new_epoch)
    last_seq = models.BigIntegerField(default=0)
    last_post_no = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    owner = models.OneToOneField("clinicians.Person", null=True, on_delete=models.CASCADE, related_name="personal_room")  # of a personal room
    pair = models.CharField(max_length=80, null=True, unique=True)  # noqa: DJ001  of a conversation of two: both ids, sorted
    listed = models.BooleanField(default=False)  # any verified clinician may find and join it
    lock_reason = models.CharField(max_length=200, null=True)  # noqa: DJ001  null: open
    locked_by = models.UUIDField(null=True)
    closed = models.BooleanField(default=False, db_default=False)  # of a case: only its asker adds to it
    slow_mode = models.PositiveIntegerField(default=0)  # seconds between two posts of one person
    answers_exempt = models.BooleanField(default=False, db_default=False)  # from slow mode: who answers somebody
    expert = models.CharField(max_length=8, null=True)  # noqa: DJ001  the specialty whose expert is asked for; "": any; null: none is
    moderators_live = models.PositiveSmallIntegerField(default=0)
    watched = models.BooleanField(default=False, db_default=False)  # of a group: someone asked for a notice of every message
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.UUIDField(null=True)

    # No index may hold last_seq, last_post_no or last_at: each post writes them, and only then is the new row found through the old one's
    # entries (HOT), instead of through a new entry in every index.


class Role(models.TextChoices):
    MEMBER = "member"
    OWNER = "owner"
    MODERATOR = "moderator"


class Level(models.TextChoices):
    """Which notices of one room a person wants. None chosen: `mentions` of a group, `all` of a conversation or case."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


class Membership(models.Model):
    """Who belongs to a room, and from where on. `ended` keeps the row of who left or was removed, and says which."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, db_index=False, related_name="memberships")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    first_seq = models.BigIntegerField(default=0)  # private rooms: nothing before it is read
    first_post_no = models.BigIntegerField(default=0)
    notices = models.CharField(max_length=8, choices=Level, null=True)  # noqa: DJ001  null: the default of the room's kind
    muted = models.BooleanField(default=False)  # written for the version before, which reads it: the same as level none
    silenced_until = models.DateTimeField(null=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    ended = models.CharField(max_length=8, null=True)  # noqa: DJ001  null, "left", "removed"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_membership")]
        indexes = [models.Index(fields=["person", "room"], condition=models.Q(ended=None), name="live_memberships")]


class Audience(models.Model):
    """Who may read a case: members of a group, one person, or (both null) every verified clinician."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, db_index=False, related_name="audience")
    group = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, db_index=False, related_name="addressed")
    person = models.ForeignKey("clinicians.Person", null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    moved_at = models.DateTimeField(db_default=Now())  # when someone last wrote in the case, to the hour; kept by the worker

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "group", "person"], nulls_distinct=False, name="one_audience_rule")]
        indexes = [models.Index(fields=["group", "-moved_at"], name="addressed_to_group"), models.Index(fields=["person", "-moved_at"], name="addressed_to_person")]


class Event(models.Model):
    """One permanent entry of a room's log: position, kind, time and the ids concerned. Never a word of content."""

    pk = models.CompositePrimaryKey("room_id", "seq")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    actor = models.ForeignKey("clinicians.Person", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    actor_as = models.CharField(max_length=10, null=True)  # noqa: DJ001
    message = models.ForeignKey("Message", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    person_id = models.UUIDField(null=True)
    data = models.JSONField(null=True)  # codes, numbers and ids only


class Message(models.Model):
    """The words of one post in their current version; `withheld` says why they are not shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    seq = models.BigIntegerField()  # of its message.posted
    post_no = models.BigIntegerField()
    at = models.DateTimeField()
    author = models.ForeignKey("clinicians.Person", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    author_as = models.CharField(max_length=10, null=True)  # noqa: DJ001
    client_id = models.UUIDField()
    form = models.CharField(max_length=8, default="text")
    body = models.TextField()
    mentions = models.JSONField(default=list)  # [{"person","start","length"}]
    reply_to = models.UUIDField(null=True)
    images = ArrayField(models.UUIDField(), default=list)
    edited_seq = models.BigIntegerField(null=True)  # of its latest message.edited
    last_event_seq = models.BigIntegerField(null=True)  # of its latest reaction, retraction …: what `unchanged` answers
    withheld = models.CharField(max_length=12, null=True)  # noqa: DJ001  retracted, hidden, withdrawn, erased
    case_room = models.UUIDField(null=True)  # the case this message opened: it is the case's card
    doubt = models.CharField(max_length=8, null=True)  # noqa: DJ001  of an answer: amended, disputed; said wherever it is quoted, found or exported
    search = SearchVectorField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="one_message_a_seq")]
        indexes = [
            models.Index(fields=["room", "author", "post_no"], name="own_posts"),
            GinIndex(fields=["room", "search"], name="message_words", condition=models.Q(withheld=None)),
        ]


class MessageVersion(models.Model):
    """The words an edit replaced: read through a message's history alone."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="versions")
    seq = models.BigIntegerField()  # of the event that brought these words
    at = models.DateTimeField()
    body = models.TextField()
    mentions = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "seq"], name="one_version_a_seq")]


class ClientId(models.Model):
    """The client ids ever used for a post, for ever and without content: what makes a repeated send harmless."""

    pk = models.CompositePrimaryKey("room_id", "sender_id", "client_id")
    room_id = models.UUIDField()
    sender_id = models.UUIDField()
    client_id = models.UUIDField()
    seq = models.BigIntegerField()
    message_id = models.UUIDField()


class Receipt(models.Model):
    """The client ids of every other request that creates something, with its answer (ids only) and a digest of what was asked."""

    pk = models.CompositePrimaryKey("sender_id", "client_id")
    sender_id = models.UUIDField()
    client_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    answer = models.JSONField()


class ReadMark(models.Model):
    """How far a person has read a room; `post_no` is the number of the last post at or before `seq`."""

    pk = models.CompositePrimaryKey("person_id", "room_id")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, db_index=False, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    post_no = models.BigIntegerField()
    at = models.DateTimeField(auto_now=True)


class Reaction(models.Model):
    """One of four words that one person put on one message."""

    pk = models.CompositePrimaryKey("message_id", "person_id", "reaction")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="reactions")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    reaction = models.CharField(max_length=8)


class Mark(models.Model):
    """What a person drew on a picture of a message and kept: numbers alone, in shares of its width and height."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="marks")
    image_id = models.UUIDField()
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()  # of its mark.added
    drawn = models.JSONField()


class Pin(models.Model):
    """A message kept in sight of the room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="pins")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="pin")


class Mention(models.Model):
    """Who was mentioned where, for the `@` in lists; follows the message's latest version."""

    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, db_index=False, related_name="+")
    room_id = models.UUIDField()
    seq = models.BigIntegerField()
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "room_id", "seq"], name="one_mention")]


class Tag(models.Model):
    """A #tag of a message's latest version, lower case and without accents."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="tags")
    room_id = models.UUIDField()
    tag = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "tag"], name="one_tag")]
        indexes = [models.Index(fields=["tag", "room_id"])]


class Followup(models.Model):
    """At most one row an event for what is done after it, off the path of the message: a case's card, and notices.

    Two workers' tasks read it, each its own column, and neither waits for the other. Whoever finds the other's column false takes
    the row away.
    """

    room_id = models.UUIDField()
    seq = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    tally = models.BooleanField(default=True, db_default=True)  # a case is still to be counted (cases/followups.py)
    wake = models.BooleanField(default=False, db_default=False)  # people are still to be woken (rooms/waking.py)
    woken_to = models.UUIDField(null=True)  # the last person of those who have been; in the order of their ids

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="followups_to_tally", condition=models.Q(tally=True)),
            models.Index(fields=["id"], name="followups_to_wake", condition=models.Q(wake=True)),
        ]


class IdentifierDecision(models.Model):
    """What was decided about an identifier found in a text (identifying.py): whose, where, which category; never the text."""

    person_id = models.UUIDField()
    room_id = models.UUIDField(null=True)  # null: a question refused before it had a room
    category = models.CharField(max_length=16)
    decision = models.CharField(max_length=16)  # blocked, asked, confirmed, unconfirmed
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="decisions_by_time")]


# --- moderation ----------------------------------------------------------------------


class Remit(models.Model):
    """Where a person moderates: a group with the cases addressed to it; a specialty, which is its groups, the cases addressed to these, and
    the cases asked of it wherever they are addressed; or (neither) everywhere.

    A trigger keeps `Standing.moderator`, which says whether a person has any: every check of rights has that row at hand.
    """

    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, db_index=False, related_name="remits")
    group = models.ForeignKey(Room, null=True, blank=True, on_delete=models.CASCADE, related_name="remits")
    specialty = models.ForeignKey("clinicians.SpecialtyGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="remits")  # as people call it: DER
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "group", "specialty"], nulls_distinct=False, name="one_remit_a_place"),
            models.CheckConstraint(condition=models.Q(group=None) | models.Q(specialty=None), name="remit_of_one_kind"),
        ]


class AgreedReading(models.Model):
    """A private conversation that a moderator may visit until then, because two of them agreed on it over a report."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, db_index=False, related_name="+")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_agreed_reading")]


class Act(models.Model):
    """One use of a tool: by whom (null: the system), on what, why, until when, and how it was reversed. Never a word of a message."""

    # These bind a person until a time, and end by the clock wherever they are asked about. What else has an end is reversed by the worker, and stands until it was.
    BY_THE_CLOCK = ("member.silence", "person.suspend")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=24)  # the command's name: message.hide
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")  # null: service-wide
    other_room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="+")  # where it shows as well: the target of a move
    seq = models.BigIntegerField(null=True)  # of its event in `room`
    at = models.DateTimeField()
    moderator_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)
    image_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)  # to whom it was done
    reason = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)  # codes, numbers and ids: what its reversal needs to know
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.UUIDField(null=True)
    reversal_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["room", "-at"], name="acts_of_a_room"),
            models.Index(fields=["other_room", "-at"], name="acts_shown_as_well", condition=models.Q(other_room__isnull=False)),
            models.Index(fields=["person_id", "-at"], name="acts_on_a_person", condition=models.Q(person_id__isnull=False)),
            models.Index(fields=["room", "seq"], name="act_of_an_event"),
            models.Index(fields=["at"], name="calls_for_a_moderator", condition=models.Q(kind="moderator.call")),  # the worker looks each second
            # As BY_THE_CLOCK: the worker looks each second for the others.
            models.Index(
                fields=["until"], name="acts_that_end", condition=models.Q(until__isnull=False, reversed_at__isnull=True) & ~models.Q(kind__in=["member.silence", "person.suspend"])
            ),
        ]

    def stands(self, now: datetime) -> bool:
        """Neither reversed nor, where the clock ends it, over."""
        return self.reversed_at is None and not (self.kind in self.BY_THE_CLOCK and self.until is not None and self.until <= now)


class Visit(models.Model):
    """A moderator live in a room, from `moderator.joined` to `moderator.left`."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="visits")
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="+")
    act = models.OneToOneField(Act, on_delete=models.CASCADE, related_name="visit")
    seen_at = models.DateTimeField()  # when a socket of theirs last had the room open, to the minute or so
    ended = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], condition=models.Q(ended=None), name="one_open_visit")]


class PictureVeil(models.Model):
    """A picture of a message that a moderator withholds: `hidden`, or until its author has masked what it shows (`mask`)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    image_id = models.UUIDField()
    why = models.CharField(max_length=8)  # hidden, mask

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image_id", "message"], name="one_veil_a_picture")]
