"""The servers of a run: the source, its policies, and a topic of recorded events."""
import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import psycopg2

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'normalize'))

# pylint: disable=wrong-import-position
import policy

BROKERS = f"127.0.0.1:{os.environ['KAFKA_PORT']}"
PARTITIONS = 4
SECONDS = 300
TICK = 0.02
LOOKS = 2                # seconds within which a worker has seen what became of its policies
# the three that are asked by
INDEXED = ('kind', 'last_service', 'odometer_km')
QUARTERS = {'northwest': (-180, 0, 0, 90), 'northeast': (0, 0, 180, 90),
            'southwest': (-180, -90, 0, 0), 'southeast': (0, -90, 180, 0)}

SETUP = f'''
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE SERVER bench_store FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes 'http://127.0.0.1:{os.environ['STORE_PORT']}', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER bench_store
  OPTIONS (access_key_id 'bench', secret_access_key 'bench');
SELECT yottastore.create_store_table('bench_store', 'vehicles', 'vehicle_id', stream => true);
CREATE FOREIGN TABLE bench.vehicles (
  vehicle_id text OPTIONS (key 'partition') NOT NULL,
  item jsonb OPTIONS (document 'true')
) SERVER bench_store OPTIONS (table 'vehicles');
'''


def connect():
    """A session that commits each statement, and one core does the work of."""
    connection = psycopg2.connect(dbname='yottastore')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = warning")
    return cursor


def value(cursor, sql, *arguments):
    """The first column of the first row."""
    cursor.execute(sql, arguments)
    return cursor.fetchone()[0]


def wait(what, condition):
    """Until it holds; returns when that was."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f'{what}: not within {SECONDS} s')
        time.sleep(TICK)
    return time.perf_counter()


def geojson():
    """The four areas."""
    return json.dumps({'type': 'FeatureCollection', 'features': [
        {'type': 'Feature', 'properties': {'name': name}, 'geometry': {'type': 'Polygon', 'coordinates': [
            [[west, south], [east, south], [east, north], [west, north], [west, south]]]}}
        for name, (west, south, east, north) in QUARTERS.items()]})


def set_up(cursor):
    """Source and areas."""
    cursor.execute(SETUP)
    cursor.execute("SELECT yottastore.load_areas(%s, level => 'quarter')", (geojson(),))


def create_topic(name):
    """Empty, with its partitions."""
    subprocess.run(['kcat', '-b', BROKERS, '-L', '-t', name], check=True, stdout=subprocess.DEVNULL)


def produce(topic, lines):
    """Send lines "key <tab> value", each to its key's partition."""
    with subprocess.Popen(['kcat', '-b', BROKERS, '-P', '-t', topic, '-K', '\t', '-X', 'acks=1',
                           '-X', 'linger.ms=20', '-X', 'topic.partitioner=murmur2'],
                          stdin=subprocess.PIPE) as kcat:
        for line in lines:
            kcat.stdin.write(line)
        kcat.stdin.close()
        if kcat.wait() != 0:
            sys.exit(f'kcat could not fill topic {topic}')


class Producer:
    """Sends to each partition in order."""

    def __init__(self, topic, linger_ms):
        self.sent = [[] for _ in range(PARTITIONS)]
        self.kcats = [subprocess.Popen(['kcat', '-b', BROKERS, '-P', '-t', topic, '-p', str(partition),
                                        '-K', '\t', '-X', 'acks=1', '-X', f'linger.ms={linger_ms}'],
                                       stdin=subprocess.PIPE) for partition in range(PARTITIONS)]

    def put(self, partition, line):
        """One event; when is noted."""
        self.sent[partition].append(time.time())
        self.kcats[partition].stdin.write(line)

    def send(self, line):
        """One event, to its key's partition."""
        self.put(zlib.crc32(line[:line.index(b'\t')]) % PARTITIONS, line)

    def flush(self):
        """Hand over what was sent."""
        for kcat in self.kcats:
            kcat.stdin.flush()

    def close(self):
        """Until the broker has all of it."""
        for kcat in self.kcats:
            kcat.stdin.close()
        if any(kcat.wait() != 0 for kcat in self.kcats):
            sys.exit('kcat could not send events')


def percentile(ordered, part):
    """Of seconds in their order, in milliseconds."""
    return 1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def above(name, measured, target):
    """Print a verdict: at least the target."""
    print(f"{name} {measured:.2f} >={target:g} {'met' if measured >= target else 'short'}")


def below(name, measured, target):
    """Print a verdict: less than the target."""
    print(f"{name} {measured:.1f} <{target:g} {'met' if measured < target else 'short'}")


def told(name, measured):
    """Print what has no target."""
    print(f'{name} {measured} - -')


def field_sql(cursor, field):
    """A field of the declaration, as its builder makes it."""
    return cursor.mogrify('%s::jsonb', (json.dumps(field),)).decode()


def processor(pid):
    """Seconds that a process, with threads that have ended, has had of the processors."""
    fields = Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Policy:
    """One policy, following a topic of its own from its beginning; paused between runs."""

    def __init__(self, cursor, name, indexed, relay=False):
        self.cursor, self.name, self.topic = cursor, name, f'topic_{name}'
        create_topic(self.topic)
        declared = policy.declaration()
        declared['area']['level'] = 'quarter'
        fields = [{**field, **({'index': 'btree'} if indexed and field['name'] in INDEXED else {})}
                  for field in declared['fields']]
        self.columns = [field['name'] for field in fields]
        cursor.execute(f"CREATE SERVER {self.topic} FOREIGN DATA WRAPPER yottastore_stream "
                       f"OPTIONS (brokers '{BROKERS}', topic '{self.topic}', format 'dynamodb')")
        if relay:
            cursor.execute('SELECT yottastore.create_relay(%s, %s, %s)', (f'{name}_relay', 'bench.vehicles', self.topic))
        cursor.execute('SELECT yottastore.create_index_policy(%s, %s, %s, ARRAY[{}], %s::jsonb)'.format(
            ', '.join(field_sql(cursor, field) for field in fields)),
                       (name, 'bench.vehicles', self.topic, json.dumps(declared['area'])))
        self.table = f'bench.{name}'
        self.policy_id = value(cursor, 'SELECT policy_id FROM yottastore_internal.policy WHERE name = %s', name)
        began = wait(f'{name} starts', lambda: self.phase() != 'STARTING')
        self.backfilled = wait(f'{name} is live', lambda: self.phase() == 'LIVE') - began
        self.pause()

    def phase(self):
        """Of its policy."""
        return value(self.cursor, 'SELECT phase FROM yottastore_internal.policy WHERE policy_id = %s', self.policy_id)

    def counted(self):
        """Events it has behind it."""
        return value(self.cursor, 'SELECT sum(next_offset) FROM yottastore_internal.position WHERE policy_id = %s',
                     self.policy_id)

    def pause(self):
        """Until its worker has let go of it."""
        self.cursor.execute('SELECT yottastore.pause_index_policy(%s)', (self.name,))
        time.sleep(LOOKS)

    def rewind(self):
        """As if it had seen nothing yet.  It is paused."""
        self.cursor.execute(f'TRUNCATE {self.table}, yottastore_internal.locator_{self.policy_id}')
        self.cursor.execute('UPDATE yottastore_internal.position SET next_offset = 0, watermark = NULL '
                            'WHERE policy_id = %s', (self.policy_id,))
        self.cursor.execute('CHECKPOINT')

    def workers(self):
        """Its workers' processes: of the one policy there is."""
        return value(self.cursor, "SELECT array_agg(pid) FROM pg_stat_activity "
                                  "WHERE backend_type = 'yottastore stream worker' AND datname = current_database()")

    def run(self, events):
        """Let it apply that many events; returns seconds since the first batch began, and of processors for all of it."""
        before, workers = self.counted(), self.workers()
        used = sum(map(processor, workers))
        self.cursor.execute('SELECT yottastore.resume_index_policy(%s)', (self.name,))
        began = []

        def applied():
            now, count = time.perf_counter(), self.counted() - before
            if count == 0:
                began[:] = [now]
            return count >= events
        ended = wait(f'{self.name}: {events} events', applied)
        count = self.counted() - before
        if count != events or self.phase() != 'LIVE':
            sys.exit(f'{self.name}: {count} events, {self.phase()}')
        used = sum(map(processor, workers)) - used
        self.pause()
        return ended - began[0], used


def discard(followed):
    """Drop a policy with its table and stream."""
    followed.cursor.execute('SELECT yottastore.drop_index_policy(%s)', (followed.name,))
    followed.cursor.execute(f'DROP SERVER {followed.topic}')
