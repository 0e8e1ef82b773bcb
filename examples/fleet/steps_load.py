"""Demo steps: set up, load through the foreign table, wait for the index, look at three documents."""
import time

import generate
import schema
import verify
from catalog import BOUNDARIES
from session import DemoFailed, Progress, show_side_by_side, show_table

WAIT_LIMIT_S = 600


class CopyText:
    """The file that COPY reads: vehicles as COPY text, made while they are read."""

    def __init__(self, vehicles, progress):
        self.vehicles, self.progress = iter(vehicles), progress
        self.buffer, self.done = b'', 0

    def read(self, size=-1):
        """At least one byte and about `size`, b'' at the end."""
        lines, length = [self.buffer], len(self.buffer)
        while size < 0 or length < size:
            vehicle = next(self.vehicles, None)
            if vehicle is None:
                break
            lines.append(generate.copy_line(vehicle).encode())
            length += len(lines[-1])
            self.done += 1
        text = b''.join(lines)
        self.buffer = text[size:] if size >= 0 else b''
        self.progress.show(self.done)
        return text[:size] if size >= 0 else text


def set_up(session, world):
    """Drop what an earlier run left, then create everything but the policy."""
    session.step('Servers, store table, foreign table, relay')
    if session.value("SELECT 1 FROM pg_extension WHERE extname = 'yottastore'"):
        for statement in schema.drop_all():
            session.rows(statement)
    try:
        session.store.delete_table(TableName=schema.STORE_TABLE)
        session.store.get_waiter('table_not_exists').wait(
            TableName=schema.STORE_TABLE, WaiterConfig={'Delay': 1, 'MaxAttempts': 60})
    except session.store.exceptions.ResourceNotFoundException:
        pass
    # a topic of its own for each run, so that no event of an earlier one is in it
    topic = f'vehicles-{int(time.time())}'
    for statement in schema.create_servers(session.store_url, session.brokers, topic):
        session.run(statement)
    statement = schema.load_areas()
    text = BOUNDARIES.read_text(encoding='utf-8')
    _, rows, _ = session.run(statement, (text,), shown=statement.replace('%s', f":'{BOUNDARIES.name}'"))
    session.ledger.equal('areas loaded', rows[0][0], len(world.fleet.catalog.areas.names))


def copy_vehicles(session, vehicles):
    """COPY some vehicles into the foreign table. Returns the seconds it took."""
    statement = f'COPY {schema.STORE_TABLE} (vehicle_id, item) FROM STDIN'
    session.show_sql(statement)
    start = time.perf_counter()
    with session.connection.cursor() as cursor:
        cursor.copy_expert(statement, CopyText(vehicles, Progress('items', len(vehicles))), size=65536)
    elapsed = time.perf_counter() - start
    session.ledger.equal('rows COPY reports', cursor.rowcount, len(vehicles))
    print(f'  -- {elapsed * 1000:,.1f} ms, {len(vehicles) / elapsed:,.0f} items/s')
    return elapsed


def wait_for_index(session, expected=None):
    """Wait until the index holds everything written before the call. Returns the seconds it took."""
    start = time.perf_counter()
    up_to = session.value('SELECT clock_timestamp()')
    progress = expected and Progress('index rows', expected)
    session.show_sql(f"SELECT yottastore.index_wait('{schema.POLICY}')")
    while not session.caught_up(schema.POLICY, up_to):
        if progress:
            progress.show(min(expected, session.value(f'SELECT count(*) FROM {schema.POLICY}')))
        if time.perf_counter() - start > WAIT_LIMIT_S:
            names, rows, _ = session.run('SELECT * FROM yottastore.index_lag')
            show_table(names, rows)
            raise DemoFailed(f'the index has not caught up within {WAIT_LIMIT_S} s')
    elapsed = time.perf_counter() - start
    print(f'  -- {elapsed * 1000:,.1f} ms')
    return elapsed


def load(session, world, figures):
    """Load a quarter, let the policy backfill it, load the rest while the policy follows the stream."""
    vehicles = list(world.vehicles.values())
    before = max(1, len(vehicles) // 4)
    session.step(f'{before:,} vehicles are in the store before there is an index')
    copying = copy_vehicles(session, vehicles[:before])

    session.step('The index policy: ten dialects, one table; what is there already is backfilled')
    session.run(schema.create_policy())
    backfill = wait_for_index(session, before)
    session.ledger.equal('rows after backfill',
                         session.value(f'SELECT count(*) FROM {schema.POLICY}'), before)
    figures['backfill'] = f'{before / backfill:,.0f} items/s ({before:,} in {backfill:.1f} s)'

    session.step(f'{len(vehicles) - before:,} more through the foreign table while the index follows')
    start = time.perf_counter()
    copying += copy_vehicles(session, vehicles[before:])
    lag = wait_for_index(session, len(vehicles))
    applied = (len(vehicles) - before) / (time.perf_counter() - start)
    figures['load'] = f'{len(vehicles) / copying:,.0f} items/s ({len(vehicles):,} by COPY in {copying:.1f} s)'
    figures['stream'] = f'{applied:,.0f} events/s while loading, complete {lag * 1000:,.0f} ms after the last row'
    names, rows, _ = session.run('SELECT policy, phase, events, seconds, complete_up_to FROM yottastore.index_lag')
    show_table(names, rows)
    names, rows, _ = session.run('SELECT count(*) AS partitions, sum(bytes) / 1024 / 1024 AS mb\n'
                                 '  FROM yottastore.index_partitions')
    show_table(names, rows)
    areas = {v.truth.area for v in world.vehicles.values()}
    session.ledger.equal('areas that have rows', {row[0] for row in session.rows(
        f'SELECT DISTINCT area FROM {schema.POLICY}')}, areas)
    found = verify.compare_index(session, world, 'after the load')
    verify.compare_store(session, world, found, 'after the load')


def show_documents(session, world):
    """Three documents of three makers side by side, and the three index rows made of them."""
    session.step('Three documents of three makers, and what the index makes of them')
    chosen = [world.pick(lambda t, s=s: t.style.name == s and t.last_service and t.position and not t.spoilt)
              for s in ('atlas', 'lumiere', 'pulse')]
    keys = ', '.join(f"'{v.vehicle_id}'" for v in chosen)
    _, rows, _ = session.run(f'SELECT vehicle_id, item FROM vehicles WHERE vehicle_id IN ({keys})')
    documents = {key: {name: value for name, value in item.items() if name != 'vehicle_id'}
                 for key, item in rows}
    session.ledger.equal('the three documents read by SQL', documents,
                         {v.vehicle_id: v.document for v in chosen})
    show_side_by_side([f'{v.vehicle_id} ({v.truth.make})' for v in chosen],
                      [documents[v.vehicle_id] for v in chosen])
    names, rows, _ = session.run(
        'SELECT vehicle_id, area, kind, make, model, last_service, odometer_km, location\n'
        f'  FROM {schema.POLICY} WHERE vehicle_id IN ({keys}) ORDER BY vehicle_id')
    show_table(names, rows, width=26)
    session.ledger.equal('their index rows', [row[:7] for row in rows], sorted(
        (v.vehicle_id, v.truth.area, v.truth.kind, v.truth.make, v.truth.model, v.truth.last_service,
         v.truth.odometer_km) for v in chosen))
