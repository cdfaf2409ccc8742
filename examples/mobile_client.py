"""A reference client for native teams, as a command: `python examples/mobile_client.py --base http://localhost:8000 --email … --password … follow ROOM`.

    rooms                     my rooms, with what is unread
    follow ROOM               the room as it is and as it goes on; lines of the standard input are posted
    post ROOM TEXT            puts it into the outbox and sends it over HTTP
    wake '{"v":1,…}'          what the app does when this push arrives; `-` reads pushes from the standard input, one a line
    register COURIER ADDRESS  tells the server how to wake this phone: `register fcm '{"token":"…"}'`
    sign-out                  ends the session and leaves nothing on the phone

The phone is one SQLite file (`--store`), so each call goes on where the last one ended. The code is in examples/mobile/, the words in docs/mobile.md.
It needs httpx and websockets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path

from mobile.client import Client
from mobile.connection import STOP
from mobile.doors import Refused
from mobile.store import Store


def line(row: sqlite3.Row) -> str:
    return f"{row['seq']:>6}  {row['at'][11:16]}  {row['name'] or '—'}: {row['body'] if row['withheld'] is None else '[' + row['withheld'] + ']'}"


async def follow(client: Client, room: str) -> int:
    """Draws what is new or changed, until the input ends or the client has to stop."""
    shown: dict[str, str] = {}

    def draw(changed: str) -> None:
        for row in client.store.messages(room) if changed == room else []:
            if shown.get(row["message"]) != line(row):
                shown[row["message"]] = line(row)
                print(line(row), flush=True)

    client.changed = draw
    client.follow(room)
    draw(room)
    running = asyncio.create_task(client.run())
    while not running.done():
        typed = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        await asyncio.wait([running, typed], return_when=asyncio.FIRST_COMPLETED)
        if not typed.done() or not typed.result():
            break
        if text := typed.result().strip():
            client.post(room, text)
    if not sys.stdin.isatty():
        await running  # no more to post; still to be read
    return client.stopped or 0


async def obey(client: Client, words: argparse.Namespace) -> int:
    match words.act, words.words:
        case "rooms", []:
            for room in await client.doors.rooms():
                print(f"{room['id']}  {room['unread']:>3}  {room['title']}")
        case "follow", [room]:
            return await follow(client, room)
        case "post", [room, text]:
            id = client.post(room, text)
            await client.send_now()
            failed = [row["failed"] for row in client.store.failed() if row["id"] == id]
            print(failed[0] if failed else "unsent" if client.store.unsent(room) else "sent")
            return int(bool(failed))
        case "wake", [push]:
            for text in sys.stdin if push == "-" else [push]:
                for row in await client.wake(json.loads(text)):
                    print(line(row))
                print(f"badge {client.store.fact('badge') or 0}", flush=True)
        case "register", [courier, address]:
            print(await client.register(courier, json.loads(address)))
        case "sign-out", []:
            await client.sign_out()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="http://localhost:8000")
    parser.add_argument("--email", help="needed for the first call; later ones have the session")
    parser.add_argument("--password", default=os.environ.get("CONSULT_PASSWORD"), help="or CONSULT_PASSWORD, which other users of this machine cannot see")
    parser.add_argument("--store", type=Path, default=Path("phone.sqlite3"))
    parser.add_argument("act", choices=["rooms", "follow", "post", "wake", "register", "sign-out"])
    parser.add_argument("words", nargs="*")
    words = parser.parse_args()
    store = Store(words.store)
    os.chmod(words.store, 0o600)
    client = Client(words.base, store)
    try:
        if words.email:
            await client.sign_in(words.email, words.password or "")
        code = await obey(client, words)
        if code in STOP:
            print(f"stopped: {STOP[code]}", file=sys.stderr)
        return code and 1
    except Refused as refusal:
        print(f"refused: {refusal.code}", file=sys.stderr)
        return 1
    finally:
        await client.close()
        await client.doors.close()
        store.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
