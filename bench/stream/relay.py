"""Measures how fast items are read into an index, and how soon a write to the store is in it through a relay.

  relay.py FOLDER     FOLDER is not read

The store is a real one, and much of what takes time. A write's time begins when the store has answered and ends when a
session that looks every few milliseconds sees its row. The last lines are "name measured - -": there are no targets.
The servers to use are as rates.py has them.
"""
import json
import random
import sys
import threading
import time
from pathlib import Path

import stream

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
import store
from generate import DEFAULT_COUNT, DEFAULT_SEED, typed_item
from paths import json_text
from world import World

RATE = 100              # writes a second
SECONDS = 20
LOOK = 0.002            # seconds between two looks


class Watcher(threading.Thread):
    """Notes when the rows of written keys are there."""

    def __init__(self, policy):
        super().__init__(daemon=True)
        self.policy, self.cursor, self.written, self.seconds = policy, stream.connect(), {}, []

    def run(self):
        while True:
            self.cursor.execute(f'SELECT vehicle_id FROM {self.policy.table} WHERE vehicle_id = ANY (%s)',
                                (list(self.written),))
            now = time.time()
            self.seconds += [now - self.written.pop(key) for key, in self.cursor.fetchall()]
            time.sleep(LOOK)


def write_steadily(items, written):
    """RATE a second, each under a key of its own."""
    began = time.perf_counter()
    for number in range(RATE * SECONDS):
        time.sleep(max(began + number / RATE - time.perf_counter(), 0))
        key = f'relayed{number}'
        item = {**random.choice(items), store.KEY: {'S': key}}
        store.ask('PutItem', json_text({'TableName': store.TABLE, 'Item': item}))
        written[key] = time.time()


def main():
    """Measure, print the figures."""
    cursor = stream.connect()
    stream.set_up(cursor)
    store.TABLE = 'vehicles'
    items = [typed_item(vehicle) for vehicle in World(DEFAULT_SEED, DEFAULT_COUNT).vehicles.values()]
    store.put(items)
    policy = stream.Policy(cursor, 'relayed', True, relay=True)
    rate = len(items) / policy.backfilled
    size = sum(len(json.dumps(item, separators=(',', ':'))) for item in items) / len(items)
    print(f'{len(items):,} items of {size:,.0f} bytes; writes at {RATE} a second')
    cursor.execute('SELECT yottastore.resume_index_policy(%s)', (policy.name,))
    watcher = Watcher(policy)
    watcher.start()
    write_steadily(items, watcher.written)
    stream.wait('all rows', lambda: len(watcher.seconds) == RATE * SECONDS)
    stream.told('backfill_items_per_second', f'{rate:.0f}')
    for part in (0.5, 0.99):
        stream.told(f'store_to_index_p{100 * part:.0f}_ms', f'{stream.percentile(sorted(watcher.seconds), part):.0f}')


if __name__ == '__main__':
    main()
