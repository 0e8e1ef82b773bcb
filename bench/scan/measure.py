"""Measures scans of recorded pages against the server's own JSON parser and against boto3.

  measure.py SERVER FOLDER     FOLDER has the pages; SERVER is the built serve_pages

Everything takes turns in one run, and ratios are of medians: they carry over to another machine, times don't.
The last lines are "name measured target met|short"; the exit code is 0 either way. The server to use
is PGHOST, PGPORT, PGUSER's; schema bench of database yottastore is made anew.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import boto3
import botocore.config
import psycopg2

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import together

ROUNDS = 7
TURNS = 5               # how often a measured scan goes around the pages
MEMORY_ITEMS = 1_000_000
MEMORY_SEGMENTS = 8     # as many as a large table is scanned in
MB = 1_000_000

# what a scan of three columns has to find: a key, a number, and a text inside a map
SETUP = '''
DROP SCHEMA IF EXISTS bench CASCADE;
DROP SERVER IF EXISTS bench_pages CASCADE;
CREATE SCHEMA bench;
CREATE SERVER bench_pages FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes 'http://127.0.0.1:{port}', region 'eu-south-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER bench_pages
  OPTIONS (access_key_id 'bench', secret_access_key 'bench');
CREATE TABLE bench.pages (body text);
ALTER TABLE bench.pages ALTER body SET STORAGE EXTERNAL;
CREATE TABLE bench.items (LIKE bench.pages INCLUDING STORAGE);
'''
TABLE = '''
CREATE FOREIGN TABLE bench.{name} (
  vehicle_id text OPTIONS (key 'partition') NOT NULL,
  odometer numeric OPTIONS (path 'can.odometer.km'),
  vin text OPTIONS (path 'attributes.vin'),
  item jsonb OPTIONS (document 'true')
) SERVER bench_pages OPTIONS (table '{name}')
'''
# The same bytes in rows of a page and in rows of an item: what is faster is the measure.
PAGES = 'SELECT count(body::jsonb) FROM bench.pages'
ITEMS = 'SELECT count(body::jsonb) FROM bench.items'
COLUMNS = 'SELECT count(vehicle_id), count(odometer), count(vin) FROM bench.{name}'
DOCUMENTS = 'SELECT count(item) FROM bench.{name}'


def connect():
    """A session of its own, without parallel workers and compilation: one core does the work."""
    connection = psycopg2.connect(dbname='yottastore')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute('SET max_parallel_workers_per_gather = 0; SET jit = off')
    return connection, cursor


def timed(cursor, sql):
    """Seconds that a statement takes, and the first column of its row."""
    began = time.perf_counter()
    cursor.execute(sql)
    result = cursor.fetchone()[0]
    return time.perf_counter() - began, result


def timed_boto3(url, table):
    """Seconds that boto3's Scan of the same pages takes, and the items it saw."""
    client = boto3.client('dynamodb', endpoint_url=url, region_name='eu-south-1',
                          aws_access_key_id='bench', aws_secret_access_key='bench',
                          config=botocore.config.Config(retries={'total_max_attempts': 1}))
    began, count = time.perf_counter(), 0
    for page in client.get_paginator('scan').paginate(TableName=table):
        count += len(page['Items'])
    return time.perf_counter() - began, count


def prepare(cursor, bodies, port):
    """The pages as text, as often as a measured scan sees them, and the items of the pages."""
    cursor.execute(SETUP.format(port=port))
    for body in bodies * TURNS:
        cursor.execute('INSERT INTO bench.pages VALUES (%s)', (body,))
    cursor.execute("INSERT INTO bench.items SELECT item::text FROM bench.pages,"
                   " json_array_elements(body::json->'Items') AS item")
    for table in ('pages', 'items'):
        cursor.execute(f'VACUUM ANALYZE bench.{table}')


def processor_seconds(pid):
    """What a process has had of the processors."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def peak_kb(pid):
    """The most memory a process has had, shared memory it touched included."""
    return int(re.search(r'VmHWM:\s*(\d+) kB', Path(f'/proc/{pid}/status').read_text())[1])


def measure_memory(name, expected):
    """Kilobytes by which a scan of whole documents raises a fresh session's peak."""
    connection, cursor = connect()
    cursor.execute('SELECT pg_backend_pid()')
    pid = cursor.fetchone()[0]
    idle = peak_kb(pid)
    seconds, count = timed(cursor, DOCUMENTS.format(name=name))
    assert count == expected, f'{count} items instead of {expected}'
    peak = peak_kb(pid) - idle
    connection.close()
    return peak, seconds


def measure(port, bodies):
    """Run everything; returns the lines of the targets."""
    url = f'http://127.0.0.1:{port}'
    items_once = sum(json.loads(body)['Count'] for body in bodies)
    items, size = items_once * TURNS, sum(len(body.encode()) for body in bodies) * TURNS
    around = -(-MEMORY_ITEMS // items_once)
    connection, cursor = connect()
    prepare(cursor, bodies, port)
    few, many = f'fleet_{TURNS}', f'fleet_{around}'
    for name in (few, many):
        cursor.execute(TABLE.format(name=name))
    cursor.execute(f"ALTER FOREIGN TABLE bench.{many} OPTIONS (scan_segments '{MEMORY_SEGMENTS}')")
    cursor.execute('SELECT pg_backend_pid()')
    pid = cursor.fetchone()[0]
    print(f'{len(bodies)} pages of {size / items:.0f}-byte items, {size / TURNS / len(bodies) / MB:.2f} MB each; '
          f'{items:,} items, {size / MB:.0f} MB a scan; medians of {ROUNDS} rounds in turns')

    statements = {'pages::jsonb': (PAGES, len(bodies) * TURNS), 'items::jsonb': (ITEMS, items),
                  'three columns': (COLUMNS.format(name=few), items),
                  'whole documents': (DOCUMENTS.format(name=few), items)}
    seconds = {what: [] for what in (*statements, 'boto3')}
    processor = {what: [] for what in statements}
    for turn in range(ROUNDS + 1):
        for what, (sql, expected) in statements.items():
            began = processor_seconds(pid)
            spent, count = timed(cursor, sql)
            assert count == expected, f'{what}: {count} rows instead of {expected}'
            if turn > 0:            # the first warms
                seconds[what].append(spent)
                processor[what].append(processor_seconds(pid) - began)
    for _ in range(3):
        spent, count = timed_boto3(url, 'fleet_1')
        assert count == items_once, f'boto3: {count} items instead of {items_once}'
        seconds['boto3'].append(spent * TURNS)

    medians = {what: statistics.median(times) for what, times in seconds.items()}
    base = min(medians['pages::jsonb'], medians['items::jsonb'])
    for what, median in medians.items():
        print(f'  {what:<16} {items / median:>10,.0f} items/s {size / median / MB:>8.1f} MB/s '
              f"{base / median:>6.2f} x jsonb {medians['boto3'] / median:>7.1f} x boto3")
    used = {what: statistics.median(times) for what, times in processor.items()}
    least = min(used['pages::jsonb'], used['items::jsonb'])
    print('  by the processor time of the session alone: '
          + ', '.join(f'{what} {least / used[what]:.2f} x jsonb' for what in list(used)[2:]))
    together.measure(cursor, timed, items, size)
    connection.close()
    peak, spent = measure_memory(many, around * items_once)
    print(f'  {around * items_once:,} items, whole, {MEMORY_SEGMENTS} segments: {spent:.1f} s, peak {peak / 1024:.1f} MB above idle')
    return [('three_columns_vs_jsonb', base / medians['three columns'], 3, False),
            ('documents_vs_jsonb', base / medians['whole documents'], 2, False),
            ('three_columns_vs_boto3', medians['boto3'] / medians['three columns'], 30, False),
            ('documents_vs_boto3', medians['boto3'] / medians['whole documents'], 30, False),
            ('peak_memory_mb', peak / 1024, 64, True)]


def main():
    """Serve the pages, measure, print the verdicts."""
    server, folder = sys.argv[1], Path(sys.argv[2])
    pages = sorted(folder.glob('page-*.json'))
    with subprocess.Popen([server, *map(str, pages)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        port = int(process.stdout.readline())
        targets = measure(port, [page.read_text(encoding='utf-8') for page in pages])
        process.stdin.close()
    for name, measured, target, at_most in targets:
        met = measured < target if at_most else measured >= target
        print(f"{name} {measured:.2f} {'<' if at_most else '>='}{target} {'met' if met else 'short'}")


if __name__ == '__main__':
    main()
