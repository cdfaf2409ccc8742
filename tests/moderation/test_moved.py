"""Reports follow the words they are about: a thread that was moved, moved on or brought back, a case addressed to another group."""

from __future__ import annotations

import uuid

import pytest

from consult.cases.models import Case
from consult.moderation.models import Item
from consult.rooms.actions import changes, tools
from consult.rooms.models import Act
from tests.cases.helpers import ask
from tests.moderation.helpers import decide, detail, flag, moderator, queue, withheld
from tests.people import camille, idris, nadia
from tests.rooms.actions.test_visits import order
from tests.rooms.helpers import events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris())


@pytest.fixture
def there() -> uuid.UUID:
    return joined(group("CAR", "Cardiologie"), camille(), nadia())


def flagged(here: uuid.UUID) -> tuple[str, str]:
    """(item, message)"""
    message = str(post(here, camille(), "Doublez la dose.")["message"])
    assert flag(nadia(), message).status_code == 201
    return str(Item.objects.get(kind="report").pk), message


def copy_in(room: uuid.UUID) -> str:
    return str([e for e in events(room) if e["kind"] == "message.posted"][-1]["data"]["message"])


def test_upheld_after_the_thread_was_moved_it_is_hidden_where_it_is_read(here: uuid.UUID, there: uuid.UUID) -> None:
    sacha, luce = moderator(), moderator("luce")
    item, message = flagged(here)
    tools.use(order("thread.move", here, sacha, message=message, to=str(there)))
    copy = copy_in(there)
    changes.edit(changes.Edit(there, camille().pk, copy, next(e["seq"] for e in events(there) if e["data"].get("message") == copy), "Triplez la dose.", charged=True))
    found = detail(luce, item).json()
    assert (found["message"]["message"], found["message"]["body"], found["message"]["withheld"]) == (copy, "Triplez la dose.", None)
    assert (found["item"]["room"], found["item"]["message"], found["item"]["withheld"]) == (str(there), copy, None)
    assert decide(luce, item, "uphold").status_code == 201
    assert withheld(copy) == "hidden" and kinds(there)[-1] == "message.hidden"
    act = Act.objects.get(kind="message.hide")
    assert (str(act.message_id), act.moderator_id, Item.objects.get(pk=item).act_id) == (copy, luce.pk, act.pk)


def test_upheld_after_it_was_moved_on_and_after_it_came_back(here: uuid.UUID, there: uuid.UUID) -> None:
    sacha, luce = moderator(), moderator("luce")
    item, message = flagged(here)
    act = tools.use(order("thread.move", here, sacha, message=message, to=str(there)))["act"]
    third = joined(group("OPH", "Ophtalmologie"), camille())
    first = copy_in(there)
    on = tools.use(order("thread.move", there, sacha, message=first, to=str(third)))["act"]
    assert detail(luce, item).json()["message"]["message"] == copy_in(third)
    tools.undo(act_id=uuid.UUID(on), person_id=sacha.pk, client_id=uuid.uuid4())
    assert detail(luce, item).json()["message"]["message"] == first
    tools.undo(act_id=uuid.UUID(act), person_id=sacha.pk, client_id=uuid.uuid4())
    assert decide(luce, item, "uphold").status_code == 201 and withheld(message) == "hidden" and kinds(here)[-1] == "message.hidden"


def test_flagged_there_and_upheld_once_it_is_back(here: uuid.UUID, there: uuid.UUID) -> None:
    sacha = moderator()
    message = str(post(here, camille(), "Doublez la dose.")["message"])
    act = tools.use(order("thread.move", here, sacha, message=message, to=str(there)))["act"]
    assert flag(nadia(), copy_in(there)).status_code == 201
    tools.undo(act_id=uuid.UUID(act), person_id=sacha.pk, client_id=uuid.uuid4())
    luce = moderator("luce")
    assert decide(luce, queue(luce)[0]["item"], "uphold").status_code == 201 and withheld(message) == "hidden"


def test_upheld_after_the_case_was_moved_its_card_there_is_hidden(here: uuid.UUID, there: uuid.UUID) -> None:
    sacha = moderator()
    case = ask(camille(), group=here)["room"]
    assert flag(nadia(), Case.objects.get(room_id=case).card_id).status_code == 201
    item = str(Item.objects.get(kind="report").pk)
    tools.use(order("case.move", case, sacha, to=str(there)))
    now = Case.objects.get(room_id=case)
    luce = moderator("luce")
    assert decide(luce, item, "uphold").status_code == 201
    assert withheld(now.card_id) == withheld(now.question_id) == "hidden"
    assert kinds(there)[-1] == kinds(case)[-1] == "message.hidden"
