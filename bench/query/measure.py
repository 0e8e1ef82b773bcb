"""Measures queries through the index, on tables of several sizes that are served from recorded items.

  measure.py SERVER FOLDER ITEMS...     SERVER is the built serve_items; FOLDER has recorded pages

Of each table a policy makes an index, by backfill, of 12 fields and one more, the vehicle's depot, of which each has 1,000
vehicles whatever the table's size. One query finds a depot's vehicles by a computed column; tables take
turns, and times are medians: by a covering index, and by a btree without the keys. The join of a local table by 10,000 keys is against a store whose every answer takes
2 ms longer. The last lines are "name measured target met|short"; the exit code is 0 either way. The server to
use is PGHOST, PGPORT, PGUSER's; schema bench of database yottastore is made anew.
"""
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'normalize'))

# pylint: disable=wrong-import-position
import items
import policy

OF_A_DEPOT = 1000
ROUNDS = 50
JOIN_KEYS = 10_000
JOIN_ROUNDS = 5
LATENCY_MS = 2
BACKFILL_SECONDS = 1800
AREAS = Path(__file__).resolve().parents[2] / 'examples' / 'fleet' / 'data' / 'countries.geojson'

SERVER = '''
CREATE SERVER {name} FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes 'http://127.0.0.1:{port}', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER {name}
  OPTIONS (access_key_id 'bench', secret_access_key 'bench');
'''
TABLE = '''
CREATE FOREIGN TABLE bench.{prefix}_{count} (
  vehicle_id text OPTIONS (key 'partition') NOT NULL,
  depot text,
  item jsonb OPTIONS (document 'true')
) SERVER {server} OPTIONS (table 'fleet_{count}', indexes 'by_depot (depot) all')
'''
# of the item as it is, of an index table, of the store's own index
BY_POLICY = "SELECT count(item) FROM bench.fleet_{count} WHERE i_depot = 'd{depot:07}'"
LOOKUP = "SELECT count(vehicle_id) FROM bench.depots_{count} WHERE depot = 'd{depot:07}'"
BY_GLOBAL_INDEX = "SELECT count(item) FROM bench.fleet_{count} WHERE depot = 'd{depot:07}'"
BY_SCAN = 'SELECT count(item) FROM bench.fleet_{count}'
JOIN = 'SELECT count(v.item) FROM bench.keys k JOIN bench.slow_{count} v USING (vehicle_id)'


def connect():
    """A session that commits each statement, and one core does the work of."""
    connection = psycopg2.connect(dbname='yottastore')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute('SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = warning')
    return cursor


def value(cursor, sql, *arguments):
    """The first column of the first row."""
    cursor.execute(sql, arguments)
    return cursor.fetchone()[0]


@contextlib.contextmanager
def serving(server, milliseconds, file):
    """The port of a store that answers after so long."""
    with subprocess.Popen([server, str(milliseconds), file], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def set_up(cursor, ports):
    """Servers and areas."""
    cursor.execute('DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench')
    for name, port in ports.items():
        cursor.execute(f'DROP SERVER IF EXISTS {name} CASCADE')
        cursor.execute(SERVER.format(name=name, port=port))
    cursor.execute("SELECT yottastore.load_areas(%s, level => 'country', name_property => 'name')",
                   (AREAS.read_text(encoding='utf-8'),))


def create_index(cursor, count):
    """Table, policy, computed column; waits for the backfill."""
    cursor.execute(TABLE.format(prefix='fleet', server='bench_store', count=count))
    declared = policy.declaration()
    fields = [*declared['fields'], {'name': 'depot', 'type': 'text', 'paths': ['depot'], 'index': 'covering'}]
    declared_fields = ', '.join(['%s::jsonb'] * len(fields))
    began = time.perf_counter()
    cursor.execute(f'SELECT yottastore.create_index_policy(%s, %s, NULL, ARRAY[{declared_fields}], %s::jsonb)',
                   (f'depots_{count}', f'bench.fleet_{count}', *map(json.dumps, fields), json.dumps(declared['area'])))
    value(cursor, 'SELECT yottastore.index_wait(%s, timeout => %s)', f'depots_{count}', f'{BACKFILL_SECONDS} s')
    seconds = time.perf_counter() - began
    rows = value(cursor, f'SELECT count(*) FROM bench.depots_{count}')
    if rows != count:
        sys.exit(f'depots_{count}: {rows} rows')
    cursor.execute(f"ALTER FOREIGN TABLE bench.fleet_{count} ADD COLUMN i_depot text OPTIONS (field 'depots_{count}.depot')")
    cursor.execute(f'VACUUM ANALYZE bench.depots_{count}')
    cursor.execute(f'ANALYZE bench.fleet_{count}')
    partitions = value(cursor, 'SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass', f'bench.depots_{count}')
    print(f'  {count:,} items: {partitions} partitions, backfilled in {seconds:.1f} s ({count / seconds:,.0f} items/s)',
          flush=True)


def nodes(plan):
    """All of a plan's nodes."""
    yield plan
    for child in plan.get('Plans', ()):
        yield from nodes(child)


def explained(cursor, sql):
    """Requests and read units that a statement costs, and the store's operations."""
    plan = value(cursor, f'EXPLAIN (ANALYZE, FORMAT JSON) {sql}')[0]['Plan']
    found = list(nodes(plan))
    return (sum(node.get('Store Requests', 0) for node in found),
            sum(node.get('Store Read Units', 0) for node in found),
            ' '.join(node['Store Operation'] + (' of an index' if 'Store Index' in node else '')
                     for node in found if 'Store Operation' in node))


def timed(cursor, sql, expected):
    """Milliseconds that a statement takes whose answer is known."""
    began = time.perf_counter()
    counted = value(cursor, sql)
    spent = 1000 * (time.perf_counter() - began)
    if counted != expected:
        sys.exit(f'{counted} instead of {expected}: {sql}')
    return spent


def leave_keys_out(cursor, counts):
    """As with index 'btree': keys are read of the index table's rows."""
    for count in counts:
        cursor.execute(f'DROP INDEX bench.depots_{count}_depot_vehicle_id_idx')
        cursor.execute(f'CREATE INDEX ON bench.depots_{count} (depot)')
        cursor.execute(f'VACUUM ANALYZE bench.depots_{count}')


def measure_queries(cursor, counts, what):
    """A depot's vehicles by the policy's index: the most requests, and the largest table's time by the smallest's."""
    # what backfill and VACUUM left to be written is not the queries' to write
    cursor.execute('CHECKPOINT')
    dice, requests = random.Random(1), 0
    spent = {count: [] for count in counts}
    lookups = {count: [] for count in counts}
    for turn in range(ROUNDS + 1):
        for count in counts:
            # each of a depot of its own, which nothing has read just before
            times = [timed(cursor, sql.format(count=count, depot=dice.randrange(count // OF_A_DEPOT)), OF_A_DEPOT)
                     for sql in (BY_POLICY, LOOKUP)]
            if turn > 0:            # the first warms
                spent[count].append(times[0])
                lookups[count].append(times[1])
    print(f'  1,000 whole items by {what}:')
    for count in counts:
        asked, units, operations = explained(cursor, BY_POLICY.format(count=count, depot=1))
        if operations != 'BatchGetItem':
            sys.exit(f'{count} items are found by {operations}')
        requests = max(requests, asked)
        print(f'    of {count:>9,}: {statistics.median(spent[count]):>7.1f} ms, the lookup alone '
              f'{statistics.median(lookups[count]):.1f} ms; {asked} requests, {units:,.1f} read units', flush=True)
    medians = [statistics.median(spent[count]) for count in (max(counts), min(counts))]
    return requests, medians[0] / medians[1]


def measure_units(cursor, counts):
    """What the same items cost by the store's own means; returns lines to tell."""
    lines = []
    for count in counts:
        costs = {}
        for what, sql, expected in (('policy', BY_POLICY, 'BatchGetItem'), ('gsi', BY_GLOBAL_INDEX, 'Query of an index'),
                                    ('scan', BY_SCAN, 'Scan')):
            began = time.perf_counter()
            requests, units, operations = explained(cursor, sql.format(count=count, depot=1))
            seconds = time.perf_counter() - began
            if operations != expected:
                sys.exit(f'{operations} instead of {expected}')
            costs[what] = units
            print(f'    {what:<6} of {count:>9,}: {units:>10,.1f} read units, {requests:,} requests, {seconds:.2f} s', flush=True)
        lines += [f'read_units_{what}_{count} {units:.1f} - -' for what, units in costs.items()]
    return lines


def measure_join(cursor, count):
    """How many times as long a join by keys takes that doesn't read ahead."""
    keys = random.Random(2).sample(range(count), JOIN_KEYS)
    cursor.execute(TABLE.format(prefix='slow', server='bench_slow', count=count))
    cursor.execute('CREATE TABLE bench.keys (vehicle_id text)')
    cursor.execute('INSERT INTO bench.keys SELECT unnest(%s)', ([f'v{key:07}' for key in keys],))
    cursor.execute('ANALYZE bench.keys')
    cursor.execute('SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off')
    sql = JOIN.format(count=count)
    batched = statistics.median([timed(cursor, sql, JOIN_KEYS) for _ in range(JOIN_ROUNDS + 1)][1:])
    requests, _, _ = explained(cursor, sql)
    cursor.execute('SET yottastore.read_ahead = off')
    unbatched = timed(cursor, sql, JOIN_KEYS)
    print(f'  {JOIN_KEYS:,} keys at {LATENCY_MS} ms: {batched:,.0f} ms by {requests} requests, '
          f'{unbatched:,.0f} ms one by one', flush=True)
    return unbatched / batched


def main():
    """Serve the items, make the indexes, measure, print the verdicts."""
    server, folder, counts = sys.argv[1], Path(sys.argv[2]), sorted(int(count) for count in sys.argv[3:])
    with tempfile.NamedTemporaryFile(suffix='.items') as file:
        recorded, size = items.write(sorted(folder.glob('page-*.json')), file.name)
        print(f'{recorded:,} items of {size:.0f} bytes, recorded from DynamoDB Local, served from memory under as many keys '
              'as a table has, each with a depot besides; indexes made by backfill')
        with serving(server, 0, file.name) as port, serving(server, LATENCY_MS, file.name) as slow_port:
            cursor = connect()
            set_up(cursor, {'bench_store': port, 'bench_slow': slow_port})
            for count in counts:
                create_index(cursor, count)
            requests, ratio = measure_queries(cursor, counts, 'a covering index')
            leave_keys_out(cursor, counts)
            _, ratio_btree = measure_queries(cursor, counts, 'a btree')
            units = measure_units(cursor, counts)
            faster = measure_join(cursor, max(max(counts), JOIN_KEYS))
            # whose workers would miss their store
            cursor.execute('DROP SCHEMA bench CASCADE; DROP SERVER bench_store, bench_slow CASCADE')
    for line in units:
        print(line)
    print(f"requests_for_1000_items {requests} <=12 {'met' if requests <= 12 else 'short'}")
    for name, measured in (('time', ratio), ('time_by_btree', ratio_btree)):
        print(f"{name}_{max(counts)}_vs_{min(counts)} {measured:.2f} <=1.3 {'met' if measured <= 1.3 else 'short'}")
    print(f"batched_join_vs_loop {faster:.1f} >=20 {'met' if faster >= 20 else 'short'}")


if __name__ == '__main__':
    main()
