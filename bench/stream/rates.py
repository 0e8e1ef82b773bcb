"""Measures the stream worker against plain SQL, and a JDBC sink, that write rows which are normalized already.

  rates.py FOLDER     FOLDER is what record.py recorded

All take turns in each round; the first, in which the broker's virtual machine is cold, does not count. The verdicts
are of events a second by the clock, the worker's and plain SQL's from the first batch to the last, medians of
the ratios within a round. The processor time of the two processes, the
threads of the worker's Kafka client included, is told beside them: what the machine does otherwise hardly shows
in it, nor does waiting for the broker. The last lines are "name measured target met|short"; the exit code is 0
either way. The servers to use are PGHOST, PGPORT, PGUSER's, KAFKA_PORT's and STORE_PORT's; schema bench of
database yottastore is made anew.
"""
import statistics
import sys
import time
from pathlib import Path

import jdbc_sink
import stream
from stream import value

BATCH = 5000
WARM_UP = 1             # rounds
ROUNDS = 5
SETTINGS = {'fixed batches': f'yottastore.backlog_events = {BATCH}', 'growing batches': None}


def records(folder):
    """The recorded events, as bytes of a line each."""
    with open(folder / 'records', 'rb') as lines:
        yield from lines


def distinct_records(folder):
    """The same as if each were of a vehicle of its own, whose name ends with its number."""
    for number, line in enumerate(records(folder)):
        key = line[line.index(b'{"S": "') + 7:line.index(b'"}}')]
        yield line.replace(key, b'%s#%d' % (key, number))


def stage(cursor, policy, folder, events):
    """Each event's row, normalized by the worker, with its number; and of a batch the last of each key."""
    stream.produce(policy.topic, distinct_records(folder))
    policy.run(events)
    columns = ', '.join(column_list(policy)[2:-2])
    cursor.execute(f'''
        CREATE TABLE bench.flat AS
        SELECT n, area, split_part(vehicle_id, '#', 1) AS vehicle_id, {columns},
               decode(lpad(to_hex(n), 50, '0'), 'hex') AS event_version
        FROM (SELECT split_part(vehicle_id, '#', 2)::int AS n, * FROM {policy.table}) numbered;
        CREATE TABLE bench.staged AS
        SELECT DISTINCT ON (batch, vehicle_id) n / {BATCH} AS batch, * FROM bench.flat
        ORDER BY batch, vehicle_id, n DESC''')
    cursor.execute('CREATE INDEX ON bench.staged (batch)')
    cursor.execute('VACUUM ANALYZE bench.staged')
    stream.discard(policy)


def column_list(policy):
    """The columns of its index table, the version last."""
    policy.cursor.execute("SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute "
                          "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", (policy.table,))
    return policy.cursor.fetchone()[0]


class Plain:
    """An identical table that SQL fills."""

    def __init__(self, policy, events):
        cursor = self.cursor = policy.cursor
        self.batches = -(-events // BATCH)
        self.pid = value(cursor, 'SELECT pg_backend_pid()')
        cursor.execute(f'CREATE TABLE bench.plain (LIKE {policy.table} INCLUDING ALL) PARTITION BY LIST (area)')
        for number, area in enumerate((*stream.QUARTERS, 'unlocated')):
            cursor.execute(f"CREATE TABLE bench.plain_{number} PARTITION OF bench.plain FOR VALUES IN ('{area}') "
                           "WITH (fillfactor = 90)")
        columns = column_list(policy)
        self.statement = (
            f"INSERT INTO bench.plain ({', '.join(columns)}) "
            f"SELECT {', '.join('now()' if column == 'indexed_at' else column for column in columns)} "
            "FROM bench.staged WHERE batch = %s ON CONFLICT (vehicle_id, area) DO UPDATE SET "
            + ', '.join(f'{column} = EXCLUDED.{column}' for column in columns if column not in ('vehicle_id', 'area'))
            + ' WHERE plain.event_version < EXCLUDED.event_version')

    def rewind(self):
        """As it was at the beginning."""
        self.cursor.execute('TRUNCATE bench.plain')
        self.cursor.execute('CHECKPOINT')

    def run(self):
        """Seconds for all events, a transaction for each batch; and of its processor."""
        began, used = time.perf_counter(), stream.processor(self.pid)
        for batch in range(self.batches):
            self.cursor.execute(self.statement, (batch,))
        return time.perf_counter() - began, stream.processor(self.pid) - used


def check(cursor, policy):
    """The worker's rows are those of the last event of each vehicle."""
    columns = ', '.join(column for column in column_list(policy)
                        if column not in ('indexed_at', 'event_version', 'location'))
    latest = (f'SELECT {columns} FROM (SELECT DISTINCT ON (vehicle_id) * FROM bench.staged '
              'ORDER BY vehicle_id, n DESC) s')
    wrong = value(cursor, f'SELECT count(*) FROM ((TABLE l EXCEPT TABLE r) UNION ALL (TABLE r EXCEPT TABLE l)) d'
                  .replace('TABLE l', latest).replace('TABLE r', f'SELECT {columns} FROM {policy.table}'))
    if wrong != 0:
        sys.exit(f'{wrong} rows of {policy.table} are not as the last event left them')


def set_batches(cursor, setting):
    """Bound the worker's batches."""
    cursor.execute('ALTER SYSTEM RESET ALL')
    if setting is not None:
        cursor.execute(f'ALTER SYSTEM SET {setting}')
    cursor.execute('SELECT pg_reload_conf()')


def take_turns(cursor, policy, plain, sink, events):
    """Events a second of each, by name: (by the clock, by processor time)."""
    rates = {}

    def note(name, clock, processor):
        rates[name] = (events / clock, events / processor)
    plain.rewind()
    note('plain', *plain.run())
    for name, setting in SETTINGS.items():
        set_batches(cursor, setting)
        policy.rewind()
        note(name, *policy.run(events))
        check(cursor, policy)
    sink.rewind()
    rates['sink'] = (events / sink.run(),)
    print('  '.join(f'{name} {rate[0]:,.0f}/s' for name, rate in rates.items()), flush=True)
    return rates


def measure(*contenders):
    """The rates of each round that counts, by name."""
    rounds = [take_turns(*contenders) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    return {name: [rates[name] for rates in rounds] for name in rounds[0]}


def ratio(rates, name, other, by=0):
    """Of two rates, the median of the rounds."""
    return statistics.median(one[by] / another[by] for one, another in zip(rates[name], rates[other]))


def report(rates, events):
    """Print the figures, and the verdicts."""
    print(f'{events:,} events; medians of {ROUNDS} rounds in turns: by the clock, by processor time')
    for name, rounds in rates.items():
        for by, rate in enumerate(map(statistics.median, zip(*rounds))):
            print(f'  {name:<16} {rate:>10,.0f} events/s  {ratio(rates, name, "plain", by):.2f} x plain'
                  f"{'  of processor time' if by == 1 else ''}")
    stream.told('growing_batches_vs_jdbc_sink', f'{ratio(rates, "growing batches", "sink"):.2f}')
    stream.above('fixed_batches_vs_plain', ratio(rates, 'fixed batches', 'plain'), 0.75)
    stream.above('growing_batches_vs_plain', ratio(rates, 'growing batches', 'plain'), 1.20)
    stream.above('fixed_batches_vs_jdbc_sink', ratio(rates, 'fixed batches', 'sink'), 2)


def main():
    """Measure, print the verdicts."""
    folder = Path(sys.argv[1])
    events = sum(1 for _ in records(folder))
    cursor = stream.connect()
    stream.set_up(cursor)
    stage(cursor, stream.Policy(cursor, 'each', False), folder, events)
    policy = stream.Policy(cursor, 'measured', True)
    plain = Plain(policy, events)
    sink = jdbc_sink.Sink(cursor, policy.table, stream.INDEXED)
    stream.produce(policy.topic, records(folder))
    policy.run(events)
    report(measure(cursor, policy, plain, sink, events), events)


if __name__ == '__main__':
    main()
