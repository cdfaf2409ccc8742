"""The figures on /metrics, each with what it tells an operator. docs/operating.md lists them; a test compares."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

sockets = Gauge("consult_sockets", "Open sockets.", multiprocess_mode="livesum")
handshakes = Gauge("consult_handshakes", "Sockets that were accepted and whose hello is not answered yet.", multiprocess_mode="livesum")
turned_away = Counter("consult_turned_away_total", "Sockets answered 503: the process drains, or works on HANDSHAKES others.")
rooms_local = Gauge("consult_rooms_local", "Rooms that someone on this process has entered.", multiprocess_mode="livesum")
deliveries = Counter("consult_deliveries_total", "Frames put into outboxes of connections.")
commands = Counter("consult_commands_total", "Commands received, by type.", ["type"])
refusals = Counter("consult_refusals_total", "Refusals told over sockets, by code.", ["code"])
closes = Counter("consult_closes_total", "Sockets closed by the server, by close code.", ["code"])
commit_seconds = Histogram("consult_commit_seconds", "Time of one group commit, with its retries.", buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
batch_posts = Histogram("consult_batch_writes", "Writes that went together into one commit.", buckets=(1, 2, 4, 8, 16, 32, 64))
lost_connections = Counter("consult_database_connections_lost_total", "Database connections that broke under a write.")
healed_events = Counter("consult_healed_events_total", "Events that no bell brought and the log supplied.")
outbox_overflows = Counter("consult_outbox_overflows_total", "Readers closed with 4002 because they fell behind.")
outbox_bytes = Histogram("consult_outbox_bytes", "Bytes waiting for a connection when a frame is added to a backlog.", buckets=(1e3, 1e4, 1e5, 5e5, 1e6, 2e6))
sweep_seconds = Histogram("consult_sweep_seconds", "Time of one comparison of the local heads with the database.", buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))
bus_dropped = Counter("consult_bus_dropped_total", "Calls to the channel layer dropped: its queue was full, or Redis did not answer in time.")
bus_restarts = Counter("consult_bus_restarts_total", "Times the task that listens to the channel layer had to be started again.")
access_age = Gauge("consult_access_age_seconds", "Since the access_change log was last read.", multiprocess_mode="livemax")
loop_lag = Histogram("consult_loop_lag_seconds", "How late the event loop runs its timers.", buckets=(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1))
