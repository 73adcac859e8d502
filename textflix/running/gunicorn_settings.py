"""gunicorn's settings, for `make run` and containers alike: `--config=python:textflix.running.gunicorn_settings`."""

from pathlib import Path

from textflix.running.environment import number

bind = f"127.0.0.1:{number('PORT')}"
workers = number("WEB_CONCURRENCY")
# Each holds a connection to the database; a slow client holds none of them.
threads = number("WEB_THREADS")
worker_class = "textflix.serving.worker.PatientWorker"
worker_connections = 500
# A waiting connection costs little. A proxy's own limit should be shorter, or it will write to one that was closed.
keepalive = 20
graceful_timeout = 8
# No `max_requests`: a busy hour would make many restarts, in each of which readers wait for seconds. `make soak` shows
# that nothing leaks; a container has its memory limit.
# A text to try may be in an address: how long a head is at most is said by LONGEST_HEAD, for all of it.
limit_request_line = 0
# What a client has yet to take waits in memory; the kernel could send a file, but would have a thread wait for it.
sendfile = False
# No header of a request says where the site lies.
forwarder_headers = ""
loglevel = "warning"
# It would be shared by all sites of one user.
control_socket_disable = True
# The heartbeat file on a slow disk can block a worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes an unnamed file in it
