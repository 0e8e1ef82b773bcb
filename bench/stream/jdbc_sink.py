"""Debezium's JDBC sink on Kafka Connect, which writes rows that are normalized already into one table.

Its records are flat and of the columns' types, each with its schema, as a sink without a registry takes them. A
location is two columns, since the sink writes points to PostGIS only. Its table has no partitions, and the same
indexes. The first quarter of the events warms the virtual machine up and does not count.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import stream
from stream import value

BATCH = 5000
WARM_UP = 4             # this part of the events
TOPIC = 'topic_flat'
DECIMAL = {'type': 'bytes', 'name': 'org.apache.kafka.connect.data.Decimal', 'parameters': {'scale': '6'}}
MICROSECONDS = {'type': 'int64', 'name': 'io.debezium.time.MicroTimestamp'}
# how columns of a type are sent: their schema, and what makes JSON of them
TYPES = {
    'text': ({'type': 'string'}, '{}'),
    'boolean': ({'type': 'boolean'}, '{}'),
    'double precision': ({'type': 'double'}, '{}'),
    'numeric': (DECIMAL, '{}'),
    'date': ({'type': 'int32', 'name': 'io.debezium.time.Date'}, "{} - date '1970-01-01'"),
    'timestamp with time zone': (MICROSECONDS, '(extract(epoch FROM {}) * 1000000)::bigint'),
    'jsonb': ({'type': 'string', 'name': 'io.debezium.data.Json'}, '{}::text'),
    'bytea': ({'type': 'bytes'}, "encode({}, 'base64')"),
}
WORKER = '''
bootstrap.servers={brokers}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=true
offset.storage.file.filename={folder}/offsets
listeners=http://127.0.0.1:0
plugin.discovery=service_load
consumer.auto.offset.reset=earliest
consumer.max.poll.records={batch}
consumer.max.partition.fetch.bytes=8388608
'''
CONNECTOR = '''
name={name}
connector.class=io.debezium.connector.jdbc.JdbcSinkConnector
tasks.max=1
topics={topic}
connection.url=jdbc:postgresql://{host}:{port}/yottastore?reWriteBatchedInserts=true
connection.username={user}
connection.password=none
insert.mode=upsert
primary.key.mode=record_value
primary.key.fields=vehicle_id
schema.evolution=none
collection.name.format=bench.sink
use.reduction.buffer=true
batch.size={batch}
'''


class Sink:
    """The connector, its topic and its table."""

    def __init__(self, cursor, like, indexed):
        """The table is like another, without its partitions; bench.flat has the rows of all events."""
        self.cursor, self.rounds = cursor, 0
        cursor.execute(f'''
            CREATE TABLE bench.sink (LIKE {like}) WITH (fillfactor = 90);
            ALTER TABLE bench.sink DROP location, ADD lon float8, ADD lat float8, ADD PRIMARY KEY (vehicle_id)''')
        for column in indexed:
            cursor.execute(f'CREATE INDEX ON bench.sink ({column})')
        stream.create_topic(TOPIC)
        self.events = value(cursor, 'SELECT count(*) FROM bench.flat')
        self.produce()

    def lines(self, folder):
        """Key and record of each event."""
        self.cursor.execute("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = "
                            "'bench.sink'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
        columns = self.cursor.fetchall()
        schema = json.dumps({'type': 'struct', 'fields': [{'field': name, 'optional': True, **TYPES[kind][0]}
                                                          for name, kind in columns]})
        values = ', '.join(f"'{name}', {TYPES[kind][1].format(name)}" for name, kind in columns)
        with open(folder / 'flat', 'w+b') as out:
            self.cursor.copy_expert(f'''
                COPY (SELECT vehicle_id || E'\\t{{"schema": {schema}, "payload": '
                             || json_build_object({values})::text || '}}'
                      FROM (SELECT *, location[0] AS lon, location[1] AS lat, now() AS indexed_at FROM bench.flat) f
                      ORDER BY n)
                TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')''', out)
            out.seek(0)
            yield from out

    def produce(self):
        """All events, and after the first of them, and the last, one more row in each partition."""
        producer = stream.Producer(TOPIC, linger_ms=20)

        def mark(name, line):
            key = line[:line.index(b'\t')]
            for partition in range(stream.PARTITIONS):
                producer.put(partition, line.replace(key, b'%s-%d' % (name, partition)))
        with tempfile.TemporaryDirectory() as folder:
            for number, line in enumerate(self.lines(Path(folder))):
                if number == self.events // WARM_UP:
                    mark(b'warm', line)
                producer.send(line)
            mark(b'end', line)
        producer.close()

    def rewind(self):
        """As it was at the beginning."""
        self.cursor.execute('TRUNCATE bench.sink')
        self.cursor.execute('CHECKPOINT')

    def has(self, name):
        """Have the rows that mark a place come in?"""
        return value(self.cursor, 'SELECT count(*) FROM bench.sink WHERE vehicle_id = ANY (%s)',
                     [f'{name}-{partition}' for partition in range(stream.PARTITIONS)]) == stream.PARTITIONS

    def run(self):
        """Seconds that as many events as there are take, at the rate after warming up."""
        with tempfile.TemporaryDirectory() as folder:
            self.rounds += 1
            settings = {'brokers': stream.BROKERS, 'folder': folder, 'batch': BATCH, 'topic': TOPIC,
                        'name': f'sink{self.rounds}', 'host': os.environ['PGHOST'],
                        'port': os.environ['PGPORT'], 'user': os.environ['PGUSER']}
            for name, text in (('worker', WORKER), ('connector', CONNECTOR)):
                Path(folder, name).write_text(text.format(**settings), encoding='ascii')
            with open(Path(folder, 'log'), 'w+', encoding='utf-8') as log, subprocess.Popen(
                    ['java', '-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
                     '-cp', os.environ['YS_CACHE'] + '/connect/*',
                     'org.apache.kafka.connect.cli.ConnectStandalone', f'{folder}/worker', f'{folder}/connector'],
                    stdout=log, stderr=log) as connect:

                def reached(name):
                    log.seek(0)
                    errors = log.read()
                    if connect.poll() is not None or 'ERROR' in errors:
                        connect.kill()
                        sys.exit(f'the sink failed: {errors}')
                    return self.has(name)
                try:
                    began = stream.wait('the sink warms up', lambda: reached('warm'))
                    ended = stream.wait('the sink ends', lambda: reached('end'))
                finally:
                    connect.terminate()
        self.check()
        return (ended - began) * WARM_UP / (WARM_UP - 1)

    def check(self):
        """Its rows are those of the last event of each vehicle."""
        wrong = value(self.cursor, '''
            SELECT count(*) FROM (SELECT DISTINCT ON (vehicle_id) * FROM bench.flat ORDER BY vehicle_id, n DESC) f
            LEFT JOIN bench.sink s USING (vehicle_id)
            WHERE s.event_version IS DISTINCT FROM f.event_version OR s.odometer_km IS DISTINCT FROM f.odometer_km''')
        if wrong != 0:
            sys.exit(f'{wrong} rows of the sink are not as the last event left them')
