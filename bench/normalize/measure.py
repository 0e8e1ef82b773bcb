"""Measures normalizing against its targets: dates, numbers, documents, areas, and records of a stream.

  measure.py PROGRAM FOLDER     PROGRAM is the built bench/normalize, FOLDER what record.py recorded

Everything takes turns in one run; figures are medians, by the time that the processor spent on it: one
core's rate, whatever else the machine does. Records are compared with the server's own reading of the
same bytes as jsonb. The last lines are "name measured target met|short"; the exit code is 0 either way. The
server to use is PGHOST, PGPORT, PGUSER's; schema bench of database yottastore is made anew.
"""
import io
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import policy

ROOT = Path(__file__).resolve().parents[2]
BOUNDARIES = ROOT / 'examples' / 'fleet' / 'data' / 'countries.geojson'
ROUNDS = 7
MILLION = 1_000_000

# least rates in millions a second
TARGETS = {'dates': 5, 'numbers': 5, 'documents': 0.5, 'areas': 1}
JSONB_TARGET = 1.5

SETUP = '''
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.records (body text);
ALTER TABLE bench.records ALTER body SET STORAGE EXTERNAL;
'''
JSONB = 'SELECT count(body::jsonb) FROM bench.records'


class Program:
    """The pure layers: a name in, "things seconds processor-seconds" out."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, folder, BOUNDARIES], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.names = []
        while (line := self.process.stdout.readline()) != '\n':
            if not line:
                sys.exit('the program ended')
            self.names.append(line.strip())

    def turn(self, name):
        """Things done, seconds and processor seconds of one turn."""
        self.process.stdin.write(name + '\n')
        self.process.stdin.flush()
        things, seconds, processor = self.process.stdout.readline().split()
        return int(things), float(seconds), float(processor)

    def close(self):
        """End it."""
        self.process.stdin.close()
        self.process.wait()


class Server:
    """One session that reads the records as jsonb."""

    def __init__(self, records):
        self.connection = psycopg2.connect(dbname='yottastore')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute('SET max_parallel_workers_per_gather = 0; SET jit = off')
        self.cursor.execute(SETUP)
        self.cursor.copy_expert("COPY bench.records FROM STDIN (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
                                io.StringIO(''.join(record + '\n' for record in records)))
        self.cursor.execute('VACUUM ANALYZE bench.records')
        self.cursor.execute('SELECT pg_backend_pid()')
        self.pid = self.cursor.fetchone()[0]
        self.count = len(records)
        self.cursor.execute('SELECT sum(octet_length(body)) FROM bench.records')
        assert self.cursor.fetchone()[0] == sum(len(record.encode()) for record in records)

    def processor(self):
        """Seconds that the session has had of the processors."""
        return int(Path(f'/proc/{self.pid}/schedstat').read_text().split()[0]) / 1e9

    def turn(self):
        """Things done, seconds and processor seconds of one turn."""
        began, processor = time.perf_counter(), self.processor()
        self.cursor.execute(JSONB)
        assert self.cursor.fetchone()[0] == self.count
        return self.count, time.perf_counter() - began, self.processor() - processor


def measure(program, records):
    """Medians of things a second, by name: (by processor time, by the clock)."""
    server = Server(records)
    turns = {name: (lambda name=name: program.turn(name)) for name in program.names}
    turns['records as jsonb'] = server.turn
    rates = {name: ([], []) for name in turns}
    for turn in range(ROUNDS + 1):
        for name, one in turns.items():
            things, seconds, processor = one()
            if turn > 0:            # the first warms
                rates[name][0].append(things / processor)
                rates[name][1].append(things / seconds)
    return {name: tuple(map(statistics.median, both)) for name, both in rates.items()}


def main():
    """Measure, print the verdicts."""
    folder = Path(sys.argv[2])
    (folder / 'policy.json').write_text(json.dumps(policy.declaration()), encoding='utf-8')
    records = (folder / 'records').read_text(encoding='utf-8').splitlines()
    program = Program(sys.argv[1], folder)
    rates = measure(program, records)
    program.close()
    size = sum(len(record.encode()) for record in records) / len(records)
    print(f'{len(records):,} records of {size:.0f} bytes; medians of {ROUNDS} turns, by processor time and by the clock')
    for name, (processor, clock) in rates.items():
        print(f'  {name:<22} {processor / MILLION:>8.3f} {clock / MILLION:>8.3f} million/s')

    jsonb = rates['records as jsonb']
    for name, what in (('records', 'decoded and normalized'), ('records_whole', 'decoded whole and normalized'),
                       ('records_decoded', 'decoded')):
        print(f'  records {what}: {rates[name][0] / jsonb[0]:.2f} x jsonb by processor time, '
              f'{rates[name][1] / jsonb[1]:.2f} by the clock')
    results = [(name, rate / MILLION, TARGETS[name.split('_')[0]])
               for name, (rate, _) in rates.items() if name.split('_')[0] in TARGETS]
    results.append(('records_vs_jsonb', rates['records'][0] / jsonb[0], JSONB_TARGET))
    for name, measured, target in results:
        print(f"{name} {measured:.2f} >={target} {'met' if measured >= target else 'short'}")


if __name__ == '__main__':
    main()
