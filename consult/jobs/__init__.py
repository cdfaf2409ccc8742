"""Durable jobs: what must be done, though not now, and not on the path of a message. procrastinate keeps them in PostgreSQL.

    declared.py   what a job is: its name, its tries, what makes it unique, when the clock asks for it
    running.py    the worker's part: takes jobs up, keeps one from running twice at once, takes over from workers that died
    progress.py   how far long work has got, for a page to show

It knows no other app; an app declares its jobs in its own jobs.py (docs/decisions/0009-jobs-by-procrastinate.md).
"""
