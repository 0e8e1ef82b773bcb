"""Measures how soon after an event was appended to Kafka its row is visible, at a steady rate.

  latency.py FOLDER [SECONDS]     FOLDER is what record.py recorded

An event's time begins when the broker appended it, by the time that the broker itself notes, and ends when a
session that looks every few milliseconds sees the position behind it, which commits with its row. How long it took
from before the producer had it is told, too. The last lines are "name measured target met|short"; the exit code is
0 either way. The servers to use are as rates.py has them, all on this machine and its clock.
"""
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import stream
from stream import value

RATE = 1000             # events a second
WARM_UP = 5             # seconds that don't count
LOOK = 0.002            # seconds between two looks


def note_appends(topic):
    """Have the broker write down when it appended each message."""
    subprocess.run(['java', '-cp', os.environ['YS_CACHE'] + '/kafka/*', 'kafka.admin.ConfigCommand',
                    '--bootstrap-server', stream.BROKERS, '--alter', '--entity-type', 'topics', '--entity-name', topic,
                    '--add-config', 'message.timestamp.type=LogAppendTime'],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def appends(topic):
    """Of each partition, when its messages were appended, in seconds."""
    listing = subprocess.run(['kcat', '-b', stream.BROKERS, '-C', '-q', '-e', '-o', 'beginning', '-t', topic,
                              '-f', '%p %T\n'], check=True, stdout=subprocess.PIPE, text=True).stdout
    moments = [[] for _ in range(stream.PARTITIONS)]
    for line in listing.splitlines():
        partition, moment = line.split()
        moments[int(partition)].append(int(moment) / 1000)
    return moments


class Watcher(threading.Thread):
    """Notes when the events of each partition became visible."""

    def __init__(self, policy):
        super().__init__(daemon=True)
        self.policy, self.cursor = policy, stream.connect()
        self.first = self.positions()
        self.seen = [[] for _ in self.first]

    def positions(self):
        """The first offset that is not visible yet, by partition."""
        self.cursor.execute('SELECT next_offset FROM yottastore_internal.position WHERE policy_id = %s '
                            'ORDER BY partition', (self.policy.policy_id,))
        return [offset for offset, in self.cursor.fetchall()]

    def run(self):
        while True:
            positions = self.positions()
            now = time.time()
            for position, first, seen in zip(positions, self.first, self.seen):
                seen.extend([now] * (position - first - len(seen)))
            time.sleep(LOOK)

    def count(self):
        """Events that are visible."""
        return sum(map(len, self.seen))


def send_steadily(producer, lines, seconds):
    """RATE a second; returns how many."""
    began, count = time.perf_counter(), 0
    while count < RATE * seconds:
        due = min(int((time.perf_counter() - began) * RATE), RATE * seconds)
        for line in itertools.islice(lines, due - count):
            producer.send(line)
        count = due
        producer.flush()
        time.sleep(0.001)
    return count


def measure(folder, seconds):
    """Seconds until each event was visible, sorted: from its append, and from before it was produced."""
    cursor = stream.connect()
    stream.set_up(cursor)
    policy = stream.Policy(cursor, 'late', True)
    note_appends(policy.topic)
    cursor.execute('SELECT yottastore.resume_index_policy(%s)', (policy.name,))
    with open(folder / 'records', 'rb') as records:
        lines = itertools.cycle(records.readlines())
    producer = stream.Producer(policy.topic, linger_ms=5)
    watcher = Watcher(policy)
    watcher.start()
    send_steadily(producer, lines, WARM_UP)
    warm = [len(sent) for sent in producer.sent]
    worker, = policy.workers()
    batches, used, began = batches_of(cursor), stream.processor(worker), time.perf_counter()
    count = send_steadily(producer, lines, seconds)
    used, elapsed = stream.processor(worker) - used, time.perf_counter() - began
    batches = batches_of(cursor) - batches
    producer.close()
    stream.wait('all visible', lambda: watcher.count() >= sum(map(len, producer.sent)))
    print(f'{count:,} events at {count / elapsed:,.0f} a second in {batches:,} batches; '
          f'the worker was busy {100 * used / elapsed:.0f} % of the time')
    cursor.execute('SELECT p50_ms, p95_ms FROM yottastore.index_stats WHERE policy = %s', (policy.name,))
    print('index_stats says p50 {:.1f} ms, p95 {:.1f} ms'.format(*cursor.fetchone()))
    return [sorted(seen - began for ends, begins, skip in zip(watcher.seen, moments, warm)
                   for seen, began in list(zip(ends, begins))[skip:])
            for moments in (appends(policy.topic), producer.sent)]


def batches_of(cursor):
    """Batches so far."""
    return value(cursor, 'SELECT sum(batches)::bigint FROM yottastore.index_stats')


def main():
    """Measure, print the verdicts."""
    appended, produced = measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
    print('from before they were produced: p50 {:.1f} ms, p99 {:.1f} ms'.format(
        *(stream.percentile(produced, part) for part in (0.5, 0.99))))
    for share, target in ((0.5, 100), (0.99, 500)):
        stream.below(f'append_to_visible_p{100 * share:.0f}_ms', stream.percentile(appended, share), target)


if __name__ == '__main__':
    main()
