"""What dies: workers, relay, backends, the server, the broker; and the networks between them."""
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ['YS_STATE'])
WAIT_SECONDS = 90


def connect():
    """A session of its own."""
    connection = psycopg2.connect(connect_timeout=10)
    connection.autocommit = True
    return connection


def ask(query, *values):
    """Rows of one query, by a session of its own."""
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def await_server():
    """Until the server takes sessions again."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return ask('SELECT 1')
        except psycopg2.Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def services(command, service):
    """ci/services, quietly."""
    return subprocess.run([ROOT / 'ci' / 'services', command, service], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False)


def start(service):
    """Start a server that was killed; what it left behind may be in the way for a while."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (done := services('start', service)).returncode != 0:
        if time.monotonic() > deadline:
            raise RuntimeError(done.stderr)
        time.sleep(0.5)


def kill(pid):
    """SIGKILL, and until the process is gone."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + WAIT_SECONDS
    while Path(f'/proc/{pid}').exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def kill_process(backend_type):
    """One of the server's processes, of which the server restarts all others; False: there is none."""
    pids = ask('SELECT pid FROM pg_stat_activity WHERE backend_type = %s ORDER BY random() LIMIT 1', backend_type)
    if not pids:
        return False
    kill(pids[0][0])
    await_server()
    return True


def kill_backend():
    """A session at work."""
    victim = connect()
    with victim.cursor() as cursor:
        cursor.execute('BEGIN; SELECT count(*) FROM vehicle_index')
    kill(victim.info.backend_pid)
    await_server()
    return True


def kill_postmaster():
    """The server as a whole, at once."""
    pid = int(Path(STATE / 'postgres' / 'data' / 'postmaster.pid').read_text(encoding='ascii').split()[0])
    kill(pid)
    start('postgres')
    await_server()
    return True


def kill_broker():
    """Kafka, which is started again from its folder."""
    kill(int(Path(STATE / 'kafka' / 'pid').read_text(encoding='ascii')))
    start('kafka')
    return True


# what is killed, and how often compared with the others
KILLS = (
    ('stream worker', 4, lambda: kill_process('yottastore stream worker')),
    ('relay', 3, lambda: kill_process('yottastore relay')),
    ('supervisor', 1, lambda: kill_process('yottastore supervisor')),
    ('backend', 2, kill_backend),
    ('postmaster', 2, kill_postmaster),
    ('broker', 2, kill_broker),
)


def cut(proxy, seconds):
    """No network for a while."""
    proxy.sever()
    time.sleep(seconds)
    proxy.heal()


def slow(proxy, seconds):
    """A slow network for a while."""
    proxy.delay = 0.2
    time.sleep(seconds)
    proxy.heal()
