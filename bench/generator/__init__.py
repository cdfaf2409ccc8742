"""The load generator: one process that holds every socket of every contestant and drives them alike.

It never parses what it counts. Every message's body begins with a mark that occurs nowhere else, so the messages in whatever the
kernel hands over are counted by searching bytes, frames and batches alike; a few sockets keep what they received, and their
order is checked after the window. So its cost is one `recv` for as much as had arrived: the slower it gets, the more it
takes at once. `ceiling` measures it against a server that does nothing but write.

    sockets.py   opening: HTTP, upgrade, and each contestant's own greeting
    swarm.py     driving: floods, paced posts, stored posts, and what the sample saw
    coming.py    clients that come back with missed events; a bare insert, for comparison
    returning.py the same as the protocol asks: jitter, and a 503's Retry-After
    reading.py   one person who reads: pages, lists, searches
    figures.py   CPU seconds and memory of other processes
    __main__.py  commands, one JSON line each, on standard input
"""
