"""The embedded default: a private PostgreSQL and Redis for `make run` and `make test`.

Used only for what `DATABASE_URL` and `REDIS_URL` do not name. The modules, one idea each:

    binaries.py   which servers this machine has
    places.py     where data, sockets and logs go, and who owns them
    supervise.py  children, signals, and nobody left behind
    leash.py      ends children whose supervisor died, where the kernel does not
    postgres.py   one private cluster
    redis.py      one private Redis
    services.py   both, and what a command needs in its environment to use them
    stack.py      the whole of Consult: services, migrations, demo, web and worker
    __main__.py   the command line
"""
