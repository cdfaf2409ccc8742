"""What pgbench is given is made of the product's own statements: a new column there must not leave the bench behind."""

import pytest

from bench import pgbench


@pytest.mark.parametrize("rooms", [1, 64])
def test_every_parameter_of_a_post_has_its_value(rooms):
    script = pgbench.script(rooms)
    assert "%" not in script
    assert [word for word in ("rooms_room", "rooms_clientid", "rooms_event", "rooms_message", "to_tsvector") if word not in script] == []
    assert script.index("BEGIN;") < script.index("INSERT INTO rooms_message") < script.index("COMMIT;")
