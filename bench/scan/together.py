"""What a Scan gains that several processes share, and several tables that are read at the same time.

Answers come late, as over a network: the tables' names say by how many milliseconds (see serve_pages.c).
"""
import statistics

ROUNDS = 5
TURNS = 5
LATENCY_MS = 20
SEGMENTS = 8
TABLES = 4

TABLE = '''
CREATE FOREIGN TABLE bench.{name} (
  vehicle_id text OPTIONS (key 'partition') NOT NULL,
  odometer numeric OPTIONS (path 'can.odometer.km'),
  vin text OPTIONS (path 'attributes.vin'),
  item jsonb OPTIONS (document 'true')
) SERVER bench_pages OPTIONS (table 'fleet_late{late}_{turns}', scan_segments '{segments}', async_capable '{asynchronous}')
'''
# the size, which nobody tells a foreign table that this server has
SIZE = "UPDATE pg_class SET relpages = {pages}, reltuples = {items} WHERE oid = 'bench.{name}'::regclass"
COLUMNS = 'SELECT count(vehicle_id), count(odometer), count(vin) FROM {source}'
DOCUMENTS = 'SELECT count(item) FROM {source}'


def make_table(cursor, name, late, segments, asynchronous, items, size):
    """A table that goes around the pages as often as measured."""
    cursor.execute(TABLE.format(name=name, late=late, turns=TURNS, segments=segments, asynchronous=asynchronous))
    cursor.execute(SIZE.format(name=name, items=items, pages=size // 8192))


def compare(cursor, timed, sql, expected, settings, node):
    """Median seconds under each of two settings, in turns; the second's plan must have that node."""
    seconds = [[], []]
    for turn in range(ROUNDS + 1):
        for which, setting in enumerate(settings):
            cursor.execute(setting)
            cursor.execute('EXPLAIN ' + sql)
            plan = '\n'.join(row[0] for row in cursor.fetchall())
            assert (node in plan) == (which == 1), plan
            spent, count = timed(cursor, sql)
            assert count == expected, f'{count} rows instead of {expected}'
            if turn > 0:            # the first warms
                seconds[which].append(spent)
    return [statistics.median(times) for times in seconds]


def measure(cursor, timed, items, size):
    """Print both comparisons; items and bytes of one time around the pages, times TURNS."""
    tables = [f'apart_{number}' for number in range(TABLES)]
    for late in (0, LATENCY_MS):
        make_table(cursor, f'shared_{late}', late, SEGMENTS, 'off', items, size)
    for name in tables:
        make_table(cursor, name, LATENCY_MS, 1, 'on', items, size)

    workers = [f'SET max_parallel_workers_per_gather = {count}' for count in (0, 2)]
    for late in (0, LATENCY_MS):
        for what, query in (('three columns', COLUMNS), ('whole documents', DOCUMENTS)):
            alone, shared = compare(cursor, timed, query.format(source=f'bench.shared_{late}'), items, workers,
                                    'Parallel Foreign Scan')
            print(f'  {what}, answers {late} ms late, {SEGMENTS} at once: {alone:.2f} s by one process, '
                  f'{shared:.2f} s by it and two workers: {alone / shared:.2f} x')

    cursor.execute('SET max_parallel_workers_per_gather = 0')
    arms = ' UNION ALL '.join(f'SELECT * FROM bench.{name}' for name in tables)
    apart, together = compare(cursor, timed, COLUMNS.format(source=f'({arms}) t'), items * TABLES,
                              [f'SET enable_async_append = {setting}' for setting in ('off', 'on')],
                              'Async Foreign Scan')
    print(f'  three columns of {TABLES} tables, a page of each at once, {LATENCY_MS} ms late: {apart:.2f} s one after the other, '
          f'{together:.2f} s at the same time: {apart / together:.2f} x')
