"""Redis, Valkey, Sentinel, PostgreSQL and nginx as a test needs them, and a proxy for bad networks: real servers on free
ports of 127.0.0.1, each a context manager, stopped by pid, with their files in a folder of the test.

    with Redis(folder) as redis, Postgres(folder) as postgres:
        service = Service(folder, ["--store", redis.url(prefix="a:"), "--audit", postgres.url(schema="a")])

kill() is SIGKILL; freeze() and thaw() stop and continue a server; start() starts a dead one again, with the same files and
port.
"""

from nginx import Nginx
from postgres_server import Postgres
from redis_server import Redis, Sentinels
from server_process import Server
from tcp_proxy import Proxy, free_port

__all__ = ["Nginx", "Postgres", "Proxy", "Redis", "Sentinels", "Server", "free_port"]
