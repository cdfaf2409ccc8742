"""REDIS_URL is read strictly, and its shards are channels-redis' own."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from consult import shards
from tests.live import CHECKOUT

SENTINELS = "redis+sentinel://a:26379,b:26380,c:26381/mymaster"


def test_one_several_and_sentinels() -> None:
    assert shards.hosts("redis://h:6379/0") == ["redis://h:6379/0"]
    assert shards.hosts("redis://h:1/0,rediss://:secret@i:2,unix:///run/r.sock") == ["redis://h:1/0", "rediss://:secret@i:2", "unix:///run/r.sock"]
    one, two = shards.hosts(f"{SENTINELS}, redis+sentinel://me:p%40ss@d:1/other/3?sentinel_password=s%26t")
    assert isinstance(one, dict) and isinstance(two, dict)
    assert (one["sentinels"], one["master_name"], one["db"]) == ([("a", 26379), ("b", 26380), ("c", 26381)], "mymaster", 0)
    assert "password" not in one and "password" not in one["sentinel_kwargs"]
    assert (two["sentinels"], two["master_name"], two["db"], two["username"], two["password"]) == ([("d", 1)], "other", 3, "me", "p@ss")
    assert two["sentinel_kwargs"]["password"] == "s&t"


WRONG = [
    "h:6379",
    "http://h:6379",
    "redis://",
    "redis://h:port/0",
    "redis://h:6379/first",
    "redis://a:1,b:2/0",
    "unix://run/r.sock",
    "redis://h:1/0,",
    "redis+sentinel://a:26379,b:26380",
    "redis+sentinel://a,b:26380/mymaster",
    "redis+sentinel://a:26379,/mymaster",
    "redis+sentinel://a:26379/mymaster/x",
    "redis+sentinel://a:26379/mymaster?sentinel_pasword=x",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"^entry \d: "):
        shards.hosts(text)


@pytest.mark.parametrize(
    ("name", "value", "says"), [("REDIS_URL", "redis://h:1/0,redis://:secret@i:x/0", "REDIS_URL, entry 2"), ("REPLICA_URL", "sqlite:///secret", "REPLICA_URL does not name")]
)
def test_the_start_stops_with_one_line(name: str, value: str, says: str) -> None:
    env = {**os.environ, "CONSULT_LOCAL": "1", name: value}
    done = subprocess.run([sys.executable, "-c", "import consult.settings"], cwd=CHECKOUT, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"consult: {says}") and "secret" not in done.stderr


@pytest.mark.parametrize("count", [1, 2, 3, 7])
async def test_a_group_is_where_the_layer_has_it(count: int) -> None:
    layer = RedisPubSubChannelLayer(hosts=[f"redis://127.0.0.1:{port}" for port in range(1, count + 1)])
    used = set()
    for _ in range(200):
        group = f"room.{uuid.uuid4()}"
        theirs = layer._get_shard(layer._get_group_channel_name(group))
        used.add(shards.shard_of(group, count))
        assert layer._shards[shards.shard_of(group, count)] is theirs
    assert used == set(range(count))


def test_who_is_not_there_does_not_answer() -> None:
    assert not shards.answers("redis://127.0.0.1:1")
    assert not shards.answers(shards.hosts("redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster")[0])
