"""A reference client for native teams: what an app for iOS or Android does, in plain Python, to be read and ported.

    store.py        what the phone keeps: cursors, messages, outbox, in one SQLite file
    doors.py        HTTP: signing in, tickets, pages, devices; and `Refused`, what a server will not do
    connection.py   one WebSocket from ticket to close code
    client.py       the rooms: catching up, order, holes, waking up, coming back
    outbox.py       what was written and is not known to be committed yet

It imports nothing of the server. docs/mobile.md tells the same in words; docs/protocol.md is the contract.
"""
