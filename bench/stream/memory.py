"""Measures the memory of a stream worker while it drains a backlog.

  memory.py FOLDER [EVENTS [SECONDS]]     FOLDER is what record.py recorded

The recorded events are produced again and again until there are EVENTS (1,000,000); then the policy goes on, and
its worker's memory is looked at until it has caught up, or for SECONDS (120) with the backlog still there. Counted is what is
the worker's own: shared buffers it has touched are not. The last line is "name measured target met|short"; the
exit code is 0 either way. The servers to use are as rates.py has them.
"""
import itertools
import re
import sys
import time
from pathlib import Path

import stream

MEGABYTE = 1024         # of kilobytes
TARGET = 256


def own_memory(pid):
    """Megabytes of the process's own pages: anonymous ones, and those of files it has mapped."""
    status = Path(f'/proc/{pid}/status').read_text(encoding='ascii')
    sizes = dict(re.findall(r'^(\w+):\s+(\d+) kB$', status, re.M))
    return (int(sizes['RssAnon']) + int(sizes['RssFile'])) / MEGABYTE, int(sizes['RssAnon']) / MEGABYTE


def drain(policy, events, seconds):
    """The most that was seen at once, (own, anonymous), and how many events were applied meanwhile."""
    before, (worker,) = policy.counted(), policy.workers()
    idle = own_memory(worker)
    policy.cursor.execute('SELECT yottastore.resume_index_policy(%s)', (policy.name,))
    most, applied, until = idle, 0, time.monotonic() + seconds
    while applied < events and time.monotonic() < until:
        most = tuple(map(max, most, own_memory(worker)))
        applied = policy.counted() - before
        time.sleep(0.05)
    return idle, most, applied


def main():
    """Measure, print the verdict."""
    folder = Path(sys.argv[1])
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 120
    cursor = stream.connect()
    stream.set_up(cursor)
    policy = stream.Policy(cursor, 'backlog', True)
    with open(folder / 'records', 'rb') as records:
        stream.produce(policy.topic, itertools.islice(itertools.cycle(records), events))
    idle, most, applied = drain(policy, events, seconds)
    print(f'{applied:,} of {events:,} events; idle {idle[0]:.0f} MB, of which {idle[1]:.0f} anonymous; '
          f'at most {most[0]:.0f} MB, of which {most[1]:.0f} anonymous')
    stream.below('worker_backlog_mb', most[0], TARGET)


if __name__ == '__main__':
    main()
