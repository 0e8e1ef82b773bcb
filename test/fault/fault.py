"""The fault run: everything dies while items are written; at the end each index is the store.

  fault.py [--seed N] [--kills N] [--events N] [--writers N]

One index follows a relay's topic, one the store's own stream. The servers are those of ci/services;
brokers and store are reached through proxies. Prints what was done; exits with 1 when an index is not
what a reader of its own makes of the store, or when an event in quarantine is not accounted for.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter

import psycopg2

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import chaos
import world
from proxy import Proxy

TOPIC = 'fault_vehicles'
GARBAGE = 0.3               # of the pauses between two faults, a bad message is produced in
WAIT_SECONDS = 600

# the index tables, and what each follows
INDEXES = {'vehicle_index': "'changes'", 'direct_index': 'NULL'}

SETUP = f'''
CREATE SERVER store FOREIGN DATA WRAPPER yottastore
  OPTIONS (api 'dynamodb', nodes 'http://127.0.0.1:%(store)s', region 'eu-south-1', request_timeout '10s');
CREATE USER MAPPING FOR CURRENT_USER SERVER store OPTIONS (access_key_id 'fault', secret_access_key 'fault');
CREATE FOREIGN TABLE vehicles (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true'))
  SERVER store OPTIONS (table '{world.TABLE}');
CREATE SERVER changes FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers '127.0.0.1:%(broker)s', topic '{TOPIC}', format 'dynamodb');
SELECT yottastore.load_areas(%(areas)s);
SELECT yottastore.create_relay('vehicles_relay', source => 'vehicles', stream => 'changes');
'''


POLICY = f'''
SELECT yottastore.create_index_policy('%(index)s', source => 'vehicles', stream => %(stream)s,
  fields => ARRAY[
    yottastore.field('n', 'numeric', paths => ARRAY['n'], index => 'btree'),
    yottastore.field('last_service', 'date', paths => ARRAY['service', 'last.service', 'svc'],
                     formats => ARRAY['ISO', 'DD/MM/YYYY'], on_error => 'reject'),
    yottastore.field('odometer', 'numeric', paths => ARRAY['odo'], unit => 'km', locale => 'en')],
  area => yottastore.area_from_location(lat => ARRAY['pos.lat'], lon => ARRAY['pos.lon'], paths => ARRAY['gps']));
ALTER TABLE %(index)s ADD CHECK (odometer <> {world.FORBIDDEN_ODOMETER});
'''


def areas_geojson():
    """The map."""
    return json.dumps({'type': 'FeatureCollection', 'features': [
        {'type': 'Feature', 'properties': {'name': name}, 'geometry': {
            'type': 'Polygon', 'coordinates': [[[west, 0], [east, 0], [east, 10], [west, 10], [west, 0]]]}}
        for name, west, east in world.AREAS]})


def produce_garbage(broker, text):
    """A message that is no event, straight into the topic."""
    subprocess.run(['kcat', '-P', '-b', f'127.0.0.1:{broker}', '-t', TOPIC, '-X', 'message.timeout.ms=20000'],
                   input=text.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=True)


class Run:
    """One fault run."""

    def __init__(self, options):
        self.options = options
        self.dice = random.Random(f'{options.seed}/faults')
        self.broker_port = int(os.environ['KAFKA_PORT'])
        store_port = int(os.environ['STORE_PORT'])
        self.client = world.store_client(store_port)
        self.proxies = {'store': Proxy(0, store_port),
                        'broker': Proxy(int(os.environ['KAFKA_ADVERTISED_PORT']), self.broker_port)}
        self.kills = Counter()
        self.faults = Counter()
        self.garbage = []

    def set_up(self):
        """Table, relay and policies."""
        world.create_table(self.client)
        with chaos.connect().cursor() as cursor:
            cursor.execute(SETUP % {'store': self.proxies['store'].port, 'broker': self.proxies['broker'].port,
                                    'areas': f"'{areas_geojson()}'"})
            for index, stream in INDEXES.items():
                cursor.execute(POLICY % {'index': index, 'stream': stream})
        # what was in the topic before is none of the policy's
        while ('STARTING',) in chaos.ask('SELECT phase FROM yottastore.index_policies'):
            time.sleep(0.1)

    def disturb_network(self):
        """Cut or slow one of the networks for some seconds."""
        name = self.dice.choice(sorted(self.proxies))
        fault = self.dice.choice((chaos.cut, chaos.slow))
        fault(self.proxies[name], self.dice.uniform(0.5, 4))
        self.faults[f'{name} {fault.__name__}'] += 1

    def kill_something(self):
        """One of all that can die."""
        name, _, kill = self.dice.choices(chaos.KILLS, weights=[weight for _, weight, _ in chaos.KILLS])[0]
        try:
            killed = kill()
        except psycopg2.OperationalError:
            killed = False          # the server was still coming back
            chaos.await_server()
        self.kills[name] += killed

    def break_things(self, writers):
        """Until everything is written and enough was killed: faults, evenly spread over the writes."""
        while writers.running() or self.kills.total() < self.options.kills:
            due = (self.kills.total() + self.dice.random()) * self.options.events / self.options.kills
            while writers.running() and writers.written < due:
                time.sleep(0.05)
            if self.dice.random() < 0.4:
                self.disturb_network()
            self.kill_something()
            if self.dice.random() < GARBAGE:
                self.garbage.append(f'garbage {len(self.garbage)} \x00 {{"dynamodb": [')
                produce_garbage(self.broker_port, self.garbage[-1])

    @staticmethod
    def wait_for(index):
        """Until an index says that it is complete."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                if chaos.ask(f"SELECT yottastore.index_wait('{index}', timeout => '60s')")[0][0]:
                    return True
            except psycopg2.OperationalError:
                chaos.await_server()
        return False

    # ---- at the end

    @staticmethod
    def check_rows(index, items):
        """What is wrong with an index, by the reader's own rules."""
        expected = {key: world.row_of(item) for key, item in items.items() if not world.is_refused(item)}
        rows = chaos.ask(f'SELECT id, area, n::integer, last_service::text, odometer::integer FROM {index}')
        found = {row[0]: row[1:] for row in rows}
        print(f'{index}: {len(rows):,} rows')
        return {
            'lost': sorted(expected.keys() - found.keys()),
            'duplicated': sorted(key for key, count in Counter(row[0] for row in rows).items() if count > 1),
            'undead': sorted(found.keys() - expected.keys()),
            'stale': sorted(key for key in expected.keys() & found.keys() if expected[key] != found[key]),
        }

    def check_quarantine(self, index, items):
        """What is wrong with its quarantine: events that don't belong there, or are missing."""
        unexplained, garbage, keys = [], Counter(), set()
        thrown = self.garbage if index == 'vehicle_index' else []
        refused = {key for key, item in items.items() if world.is_refused(item)}
        for item_key, payload, reason in chaos.ask(
                'SELECT item_key, payload, reason FROM yottastore.quarantine WHERE policy = %s', index):
            payload = bytes(payload)
            if payload.decode() in thrown:
                garbage[payload.decode()] += 1
                continue
            item = world.image_of(payload)
            if item is None or not world.is_refused(item):
                unexplained.append(f'{item_key} {reason}')
            keys.add(world.key_of(item_key))
        print(f'{len(keys):,} keys and {garbage.total():,} pieces of garbage in quarantine')
        return {
            'unexplained in quarantine': unexplained,
            'refused, but not in quarantine': sorted(refused - keys),
            'garbage not kept': sorted(set(thrown) - garbage.keys()),
        }

    def run(self):
        """True when all is as it must be."""
        began = time.monotonic()
        self.set_up()
        writers = world.Writers(int(os.environ['STORE_PORT']), self.options.seed, self.options.writers,
                                self.options.events)
        self.break_things(writers)
        for proxy in self.proxies.values():
            proxy.heal()
        ended = time.monotonic()
        print(f'{self.kills.total()} kills over {writers.written:,} writes in {ended - began:.0f} s')
        for name, count in sorted((self.kills + self.faults).items()):
            print(f'  {count:>3} {name}')
        complete = {}
        for index in INDEXES:
            complete[index] = self.wait_for(index)
            print(f'{index} complete {time.monotonic() - ended:.1f} s after the last of them')
        items = world.read_store(self.client)
        print(f'{len(items):,} items, {sum(map(world.is_refused, items.values())):,} of them refused')
        return not [index for index in INDEXES if self.find_wrong(index, complete[index], items)]

    def find_wrong(self, index, complete, items):
        """Print what is wrong with an index; is anything?"""
        wrong = self.check_rows(index, items) | self.check_quarantine(index, items)
        if not complete:
            phase = chaos.ask('SELECT phase, reason FROM yottastore.index_policies WHERE policy = %s', index)
            wrong['not complete'] = [str(row) for row in phase]
        for what, cases in wrong.items():
            print(f'{len(cases):>6} {what} {", ".join(cases[:5])}')
        return any(wrong.values())


def main():
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--kills', type=int, default=36)
    parser.add_argument('--events', type=int, default=200_000)
    parser.add_argument('--writers', type=int, default=4)
    options = parser.parse_args()
    print(f'seed {options.seed}')
    sys.exit(0 if Run(options).run() else 1)


if __name__ == '__main__':
    main()
