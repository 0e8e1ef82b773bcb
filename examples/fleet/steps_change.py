"""Demo steps that change the store and watch the index: a service, a border, a killed worker."""
import os
import signal
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2

import verify
from fleet import AS_OF
from generate import to_typed
from paths import sql_update, store_update
from schema import POLICY, STORE_TABLE
from session import DemoFailed, Progress, show_table
from steps_load import wait_for_index

WORKER = 'yottastore stream worker'
VISIBLE_LIMIT_S = 60


def update_item(session, vehicle, writes):
    """Show and run the UPDATE that makes the writes, (path, value) pairs. Returns when it began."""
    expression = 'item'
    for path, value in writes:
        expression = sql_update(path, value, expression)
    began = time.perf_counter()
    session.run(f'UPDATE vehicles SET item = {expression}\n'
                f"  WHERE vehicle_id = '{vehicle.vehicle_id}'")
    return began


def wait_until_shown(session, vehicle, column, expected):
    """Wait until the index row of a vehicle says so. Returns when it did."""
    deadline = time.perf_counter() + VISIBLE_LIMIT_S
    query = f'SELECT {column} FROM {POLICY} WHERE vehicle_id = %s'
    while True:
        found = session.rows(query, (vehicle.vehicle_id,))
        now = time.perf_counter()
        if found == [(expected,)]:
            return now
        if now > deadline:
            raise DemoFailed(f'{vehicle.vehicle_id}: {column} is {found} in the index after '
                             f'{VISIBLE_LIMIT_S} s, expected {expected!r}')
        time.sleep(0.001)


def technician(session, world, figures):
    """A service recorded on one vehicle of each house style, in the maker's own attribute and format."""
    session.step('A technician services vehicles of differently shaped makers')
    table = []
    for style in dict.fromkeys(v.truth.style for v in world.vehicles.values()):
        vehicle = world.pick(lambda t, s=style: t.style is s and t.last_service and world.is_due(t),
                             otherwise=lambda t, s=style: t.style is s and t.last_service)
        path, value = world.record_service(vehicle, AS_OF)
        began = update_item(session, vehicle, [(path, value)])
        written = time.perf_counter()
        shown = wait_until_shown(session, vehicle, 'last_service', AS_OF)
        table.append((vehicle.vehicle_id, vehicle.truth.make, path, str(value),
                      (written - began) * 1000, (shown - written) * 1000))
    show_table(('vehicle_id', 'make', 'attribute', 'written as', 'UPDATE ms', 'ms until indexed'), table,
               limit=20)
    lags = [row[-1] for row in table]
    session.ledger.equal('a vehicle of each style was serviced', len(table),
                         len({v.truth.style for v in world.vehicles.values()}))
    figures['update to index'] = f'{statistics.median(lags):,.0f} ms median, {max(lags):,.0f} ms at most ({len(lags)} styles)'


def cross_border(session, world, figures):
    """One vehicle of each position shape drives to the nearest place abroad and changes partition."""
    session.step('Vehicles cross a border and move to another partition')
    table, home = [], world.question_area()
    for shape in ('lat, lon', 'GeoJSON', 'text'):
        vehicle = world.pick(lambda t, s=shape: t.style.shape == s and t.area == home,
                             otherwise=lambda t, s=shape: t.style.shape == s and t.area != 'unlocated')
        before = vehicle.truth.area
        place, area, lon, lat = world.place_across_the_border(vehicle.truth.position, before)
        partition = f'SELECT tableoid::regclass::text FROM {POLICY} WHERE vehicle_id = %s'
        left = session.value(partition, (vehicle.vehicle_id,))
        update_item(session, vehicle, world.record_position(vehicle, lon, lat))
        written = time.perf_counter()
        shown = wait_until_shown(session, vehicle, 'area', area)
        entered = session.rows(partition, (vehicle.vehicle_id,))
        session.ledger.equal('the row is in one partition, and another one',
                             (len(entered), entered[0][0] != left), (1, True))
        table.append((vehicle.vehicle_id, shape, before, area, place, left, entered[0][0],
                      (shown - written) * 1000))
    show_table(('vehicle_id', 'position', 'from', 'to', 'place', 'left', 'entered', 'ms until moved'), table)
    figures['border'] = f'{len(table)} vehicles moved partition, {max(row[-1] for row in table):,.0f} ms at most'


class Traffic:
    """Vehicles that report their odometers through the store's own API, some threads of them."""

    def __init__(self, session, world, vehicles, rounds=2, threads=4):
        self.session, self.world, self.vehicles = session, world, vehicles
        self.rounds, self.threads = rounds, threads
        self.total, self.sent, self.lock = len(vehicles) * rounds, 0, threading.Lock()

    def _report(self, vehicle):
        for number in range(self.rounds):
            path, value = self.world.record_odometer(vehicle, 4_100_000 + 1_000 * number)
            expression, names, wrap = store_update(path)
            self.session.store.update_item(
                TableName=STORE_TABLE, Key={'vehicle_id': {'S': vehicle.vehicle_id}},
                UpdateExpression=expression, ExpressionAttributeNames=names,
                ExpressionAttributeValues={':v': to_typed(wrap(value))})
            with self.lock:
                self.sent += 1

    def run(self):
        """Send every report; throws when one fails."""
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(self._report, self.vehicles))


def worker_pids(session):
    """Process ids of the running stream workers."""
    return {pid for pid, in session.rows(
        'SELECT pid FROM pg_stat_activity WHERE backend_type = %s AND datname = current_database()',
        (WORKER,))}


def wait_for_worker(session, gone):
    """Wait until a stream worker runs that is not one of those gone; finds the server again meanwhile."""
    deadline = time.monotonic() + VISIBLE_LIMIT_S
    while time.monotonic() < deadline:
        try:
            alive = worker_pids(session) - gone
            if alive:
                return alive
            time.sleep(0.05)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            session.connect()
    raise DemoFailed(f'no stream worker came back within {VISIBLE_LIMIT_S} s')


def kill_worker(session, world, figures):
    """SIGKILL the stream worker in mid-stream; the index must be equal row by row afterwards."""
    vehicles = list(world.vehicles.values())[:max(20, min(1500, world.size // 10))]
    traffic = Traffic(session, world, vehicles)
    session.step(f'The worker is killed (SIGKILL) while {traffic.total:,} odometer reports flow')
    session.show_sql(f"SELECT pid FROM pg_stat_activity WHERE backend_type = '{WORKER}'")
    pids = worker_pids(session)
    if not pids:
        raise DemoFailed('no stream worker is running')
    failure = []

    def flow():
        try:
            traffic.run()
        except Exception as error:      # shown and counted as a failure by the main thread
            failure.append(error)

    sender, progress = threading.Thread(target=flow), Progress('reports', traffic.total)
    began = time.perf_counter()
    sender.start()
    while traffic.sent < traffic.total // 3 and sender.is_alive():
        time.sleep(0.002)
    applied = session.value('SELECT sum(events_applied) FROM yottastore.index_policies')
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    killed, sent = time.perf_counter(), traffic.sent
    print(f'  killed {", ".join(map(str, sorted(pids)))} with {sent:,} of {traffic.total:,} reports sent; '
          'the server restarts itself')
    back = wait_for_worker(session, pids)
    recovered = time.perf_counter()
    while sender.is_alive():
        progress.show(traffic.sent)
        sender.join(0.05)
    progress.show(traffic.sent)
    elapsed = time.perf_counter() - began
    session.ledger.check('every report reached the store', not failure, ''.join(map(repr, failure)))
    session.ledger.check('the worker was killed in mid-stream', 0 < sent < traffic.total, f'{sent} sent')
    print(f'  new worker {", ".join(map(str, sorted(back)))}, {(recovered - killed) * 1000:,.0f} ms after the kill; '
          f'{traffic.total / elapsed:,.0f} reports/s')
    caught_up = wait_for_index(session)
    after = session.value('SELECT sum(events_applied) FROM yottastore.index_policies')
    print(f'  {after - applied:,} events applied since the kill')
    verify.compare_index(session, world, 'after the kill')
    figures['SIGKILL'] = (f'worker back after {(recovered - killed) * 1000:,.0f} ms, index equal '
                          f'{caught_up * 1000:,.0f} ms after the last of {traffic.total:,} reports')
