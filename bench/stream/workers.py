"""Measures two stream workers against one, which share the partitions of a topic.

  workers.py FOLDER     FOLDER is what record.py recorded

They take turns; there is no target. The last line is "name measured - -". The servers to use are as rates.py has them.
"""
import statistics
import sys
from pathlib import Path

import stream

ROUNDS = 3


def share(policy, count):
    """Have so many workers follow the policy's stream."""
    policy.cursor.execute(f"ALTER SERVER {policy.topic} OPTIONS (SET workers '{count}')")
    stream.wait(f'{count} workers', lambda: len(policy.workers()) == count)


def main():
    """Measure, print the figures."""
    with open(Path(sys.argv[1]) / 'records', 'rb') as lines:
        records = lines.readlines()
    cursor = stream.connect()
    stream.set_up(cursor)
    policy = stream.Policy(cursor, 'shared', True)
    cursor.execute(f"ALTER SERVER {policy.topic} OPTIONS (ADD workers '1')")
    stream.produce(policy.topic, records)
    policy.run(len(records))
    seconds = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, times in seconds.items():
            share(policy, count)
            policy.rewind()
            times.append(policy.run(len(records)))
    for count, times in seconds.items():
        clock, processor = (len(records) / statistics.median(each) for each in zip(*times))
        print(f'  {count} worker(s) {clock:>10,.0f} events/s, {processor:,.0f} a second of processor time')
    stream.told('two_workers_vs_one', f'{statistics.median(one[0] / two[0] for one, two in zip(*seconds.values())):.2f}')


if __name__ == '__main__':
    main()
