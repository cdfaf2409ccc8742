"""The figures on /metrics, each with what it tells an operator. docs/operating.md lists them; a test compares.

What happens is counted where it happens. What stands and waits is looked at every few seconds, by `rooms/depths.py` and
`process.py`: with several workers a scrape is answered by one of them, out of what each has left in the shared folder.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

# --- people and sockets ---
sockets = Gauge("consult_sockets", "Open sockets.", multiprocess_mode="livesum")
handshakes = Gauge("consult_handshakes", "Sockets that were accepted and whose hello is not answered yet.", multiprocess_mode="livesum")
turned_away = Counter("consult_turned_away_total", "Sockets answered 503: the process drains, or works on HANDSHAKES others.")
rooms_local = Gauge("consult_rooms_local", "Rooms that someone on this process has entered.", multiprocess_mode="livesum")
hello_seconds = Histogram("consult_hello_seconds", "Time from a hello to its answer, with the rooms it resumes.", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
commands = Counter("consult_commands_total", "Commands received, by type.", ["type"])
refusals = Counter("consult_refusals_total", "Refusals told over sockets, by code.", ["code"])
closes = Counter("consult_closes_total", "Sockets closed by the server, by close code.", ["code"])

# --- posts and commits ---
commit_seconds = Histogram("consult_commit_seconds", "Time of one group commit, with its retries.", buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
batch_posts = Histogram("consult_batch_writes", "Writes that went together into one commit.", buckets=(1, 2, 4, 8, 16, 32, 64))
lane_wait = Histogram(
    "consult_lane_wait_seconds", "How long the first write of a commit had waited until it began.", buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
lanes_waiting = Gauge("consult_lanes_waiting", "Writes that wait in lanes for the next commit.", multiprocess_mode="livesum")
commit_running = Gauge("consult_commit_running_seconds", "Age of the oldest commit that has not ended yet.", multiprocess_mode="livemax")
lost_connections = Counter("consult_database_connections_lost_total", "Database connections that broke under a write.")

# --- delivery ---
deliveries = Counter("consult_deliveries_total", "Frames put into outboxes of connections.")
bell_events = Counter("consult_bell_events_total", "Events that a bell brought in their order.")
healed_events = Counter("consult_healed_events_total", "Events that the log supplied, by what showed that they were missing.", ["by"])
rooms_behind = Gauge("consult_rooms_behind", "Local rooms with a hole that is known and not yet healed.", multiprocess_mode="livesum")
sweep_seconds = Histogram("consult_sweep_seconds", "Time of one comparison of the local heads with the database.", buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))
sweep_age = Gauge("consult_sweep_age_seconds", "Since the last sweep that succeeded.", multiprocess_mode="livemax")
outbox_waiting = Gauge("consult_outbox_waiting_bytes", "Bytes that wait for readers, over all connections.", multiprocess_mode="livesum")
outbox_largest = Gauge("consult_outbox_largest_bytes", "Bytes that wait for the slowest reader.", multiprocess_mode="livemax")
slow_readers = Gauge("consult_slow_readers", "Connections for which more than an eighth of OUTBOX_BYTES waits.", multiprocess_mode="livesum")
outbox_overflows = Counter("consult_outbox_overflows_total", "Readers closed with 4002 because they fell behind.")

# --- database and pools ---
reader_wait = Histogram("consult_reader_wait_seconds", "How long a read for entering or healing waited for a thread.", buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5))
readers_waiting = Gauge("consult_readers_waiting", "Reads that wait for a reader thread, and arrivals that wait for the next reading.", multiprocess_mode="livesum")
pool_connections = Gauge("consult_pool_connections", "Connections of the pool for HTTP requests, by state.", ["state"], multiprocess_mode="livesum")
pool_waiting = Gauge("consult_pool_waiting", "HTTP requests that wait for a connection of the pool.", multiprocess_mode="livesum")
pool_waits = Counter("consult_pool_waits_total", "HTTP requests that had to wait for a connection of the pool.")
pool_wait_seconds = Counter("consult_pool_wait_seconds_total", "Time that HTTP requests waited for a connection of the pool.")
pool_errors = Counter("consult_pool_errors_total", "HTTP requests that got no connection of the pool in time.")

replica_reads = Counter("consult_replica_reads_total", "History reads that might come from the replica, by outcome.", ["outcome"])

# --- Redis and the bus ---
bus_seconds = Histogram("consult_bus_seconds", "Time of one call to the channel layer.", buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1))
bus_waiting = Gauge("consult_bus_waiting", "Messages that wait to be published.", multiprocess_mode="livesum")
bus_heard = Counter("consult_bus_heard_total", "Messages that the channel layer brought, from this process and from others.")
bus_dropped = Counter("consult_bus_dropped_total", "Calls to the channel layer dropped: its queue was full, or Redis did not answer in time.")
bus_restarts = Counter("consult_bus_restarts_total", "Times the task that listens to the channel layer had to be started again.")

# --- rights ---
access_age = Gauge("consult_access_age_seconds", "Since the access_change log was last read.", multiprocess_mode="livemax")

# --- the worker, as the web processes see its queue ---
followups_waiting = Gauge("consult_followups_waiting", "Posts whose follow-up the worker has not done; counted up to 10,000.", multiprocess_mode="livemax")
followups_oldest = Gauge("consult_followups_oldest_seconds", "Age of the oldest follow-up that waits for the worker.", multiprocess_mode="livemax")
notices_waiting = Gauge("consult_notices_waiting", "Notices that are due and not sent; counted up to 10,000.", multiprocess_mode="livemax")
notices_oldest = Gauge("consult_notices_oldest_seconds", "How long the oldest notice that is due has waited.", multiprocess_mode="livemax")
notices_fates = Gauge("consult_notices_fates", "Notices since the beginning, by courier and by what became of them.", ["courier", "fate"], multiprocess_mode="livemax")
jobs_waiting = Gauge("consult_jobs_waiting", "Jobs that are due and not begun; counted up to 10,000.", multiprocess_mode="livemax")
jobs_oldest = Gauge("consult_jobs_oldest_seconds", "How long the oldest job that is due has waited.", multiprocess_mode="livemax")
jobs_failed = Gauge("consult_jobs_failed", "Jobs that failed for good in the last 30 days.", multiprocess_mode="livemax")

# --- HTTP ---
http_seconds = Histogram("consult_http_seconds", "Time of one HTTP request, by door.", ["door"], buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
http_answers = Counter("consult_http_answers_total", "HTTP requests, by door and class of status.", ["door", "status"])
http_running = Gauge("consult_http_running", "HTTP requests that are being answered.", multiprocess_mode="livesum")

# --- the process ---
loop_lag = Histogram("consult_loop_lag_seconds", "How late the event loop runs its timers.", buckets=(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5))
processes = Gauge("consult_processes", "Web processes of this machine that are alive.", multiprocess_mode="livesum")
started = Gauge("consult_started_timestamp_seconds", "When the youngest process started, in Unix time.", multiprocess_mode="livemax")
build = Gauge("consult_build_info", "Always 1; the version is the label.", ["version"], multiprocess_mode="livemax")
cpu_seconds = Counter("consult_cpu_seconds_total", "CPU time that the processes have used.")
memory = Gauge("consult_memory_bytes", "Resident memory of the processes together.", multiprocess_mode="livesum")
memory_largest = Gauge("consult_memory_largest_bytes", "Resident memory of the largest process.", multiprocess_mode="livemax")
descriptors = Gauge("consult_descriptors", "Open file descriptors of the process that has most.", multiprocess_mode="livemax")
descriptors_limit = Gauge("consult_descriptors_limit", "File descriptors a process may open.", multiprocess_mode="livemin")


class Children(dict[str, Counter]):
    """The children of a counter with one label, each looked up once: `labels()` costs three times as much as the `inc()`."""

    def __init__(self, parent: Counter) -> None:
        super().__init__()
        self.parent = parent

    def __missing__(self, label: str) -> Counter:
        child = self[label] = self.parent.labels(label)
        return child


command = Children(commands)

# A series is born with its first value, and Prometheus sees no increase in that: what alerts ask for is there from the start.
for code in ("request.failed", "service.unavailable"):
    refusals.labels(code)
for outcome in ("served", "behind", "failed", "resting"):
    replica_reads.labels(outcome)
for fate in ("sent", "dead", "refused", "temporary", "expired", "skipped"):
    notices_fates.labels("web", fate)
for by in ("gap", "sweep", "entry"):
    healed_events.labels(by)
