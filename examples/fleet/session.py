"""What every step of the demo shares: the connection, the output, the store, and the ledger of checks."""
import json
import os
import shutil
import sys
import textwrap
import time
from decimal import Decimal

import boto3
import psycopg2
import psycopg2.errors
import psycopg2.extras
from botocore.config import Config

CONNECT_PATIENCE_S = 90


class DemoFailed(Exception):
    """The demo can't go on; the message says why."""


def _short(value, limit=400):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + '…'


class Ledger:
    """Every figure that was checked, and what differed."""

    def __init__(self):
        self.passed, self.failures = 0, []

    def check(self, what, same, detail=''):
        """Record one check; a failed one is shown at once and decides the exit code."""
        if same:
            self.passed += 1
            print(f'  checked: {what}')
        else:
            self.failures.append(f'{what}{": " + detail if detail else ""}')
            print(f'  DIFFERS: {self.failures[-1]}')
        return same

    def equal(self, what, got, expected):
        """Check that two values are the same."""
        if isinstance(got, dict) and isinstance(expected, dict) and got != expected:
            keys = [k for k in got.keys() | expected.keys() if got.get(k) != expected.get(k)]
            what, key = f'{what}, {len(keys)} keys', keys[0]
            got, expected = {key: got.get(key)}, {key: expected.get(key)}
        return self.check(what, got == expected, f'got {_short(got)}, expected {_short(expected)}')

    def none_differ(self, what, differences):
        """Check that a list of differences is empty; shows the first few."""
        return self.check(what, not differences,
                          f'{len(differences)} differ, the first: ' + '; '.join(differences[:3]))


class Progress:
    """A progress bar on a terminal, a line every tenth otherwise."""

    def __init__(self, label, total):
        self.label, self.total, self.shown = label, total, -1
        self.start, self.tty = time.perf_counter(), sys.stdout.isatty()

    def show(self, done):
        """Show that `done` of the total are done."""
        percent = 100 * done // self.total if self.total else 100
        step = percent if self.tty else percent // 10
        if step == self.shown:
            return
        self.shown = step
        rate = done / max(time.perf_counter() - self.start, 1e-9)
        line = f'  {self.label}: {done:,} of {self.total:,} ({percent} %), {rate:,.0f}/s'
        if self.tty:
            filled = percent * 30 // 100
            sys.stdout.write(f'\r  [{"#" * filled}{"." * (30 - filled)}]{line}  ')
            if done >= self.total:
                sys.stdout.write('\n')
            sys.stdout.flush()
        else:
            print(line, flush=True)


class Session:
    """One connection to PostgreSQL that can be lost and found again, and the store beside it."""

    def __init__(self, environment=None):
        env = os.environ if environment is None else environment
        self.target = {'host': env.get('PGHOST', '127.0.0.1'), 'port': env.get('PGPORT', '54329'),
                       'user': env.get('PGUSER', 'postgres'), 'dbname': env.get('PGDATABASE', 'yottastore')}
        self.brokers = f"127.0.0.1:{env.get('KAFKA_PORT', '19092')}"
        self.store_url = f"http://127.0.0.1:{env.get('STORE_PORT', '18000')}"
        self.store = boto3.client(
            'dynamodb', endpoint_url=self.store_url, region_name='eu-south-1', aws_access_key_id='demo',
            aws_secret_access_key='demo', config=Config(max_pool_connections=16, retries={'max_attempts': 3}))
        self.ledger = Ledger()
        self.step_number, self.connection = 0, None

    def connect(self, patience=CONNECT_PATIENCE_S):
        """Connect, again and again while the server restarts. Throws DemoFailed when patience ends."""
        deadline = time.monotonic() + patience
        while True:
            try:
                self.connection = psycopg2.connect(**self.target, connect_timeout=5,
                                                   application_name='fleet demo')
                self.connection.autocommit = True
                psycopg2.extras.register_default_jsonb(
                    self.connection, loads=lambda text: json.loads(text, parse_float=Decimal))
                return
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise DemoFailed(f'no connection to PostgreSQL: {error}'.strip()) from error
                time.sleep(0.1)

    def rows(self, sql, parameters=None):
        """Run a statement silently; its rows, or [] when it returns none."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql, parameters=None):
        """The single value of a silent query, None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def caught_up(self, policy, up_to, timeout='1s'):
        """Is a policy's index complete up to a moment, within a time?"""
        try:
            return self.value('SELECT yottastore.index_wait(%s, up_to => %s, timeout => %s)',
                              (policy, up_to, timeout))
        except psycopg2.errors.LockNotAvailable:
            return False

    def run(self, sql, parameters=None, shown=None):
        """Show a statement, run it, show its time. Returns (column names, rows, milliseconds)."""
        self.show_sql(shown or sql)
        with self.connection.cursor() as cursor:
            start = time.perf_counter()
            cursor.execute(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            elapsed = (time.perf_counter() - start) * 1000
            names = [column.name for column in cursor.description or ()]
        print(f'  -- {elapsed:,.1f} ms')
        return names, rows, elapsed

    def show_sql(self, sql):
        """Print a statement as psql would take it."""
        print(textwrap.indent(sql.strip(), '  ') + ';', flush=True)

    def step(self, title):
        """Open a step of the demo."""
        self.step_number += 1
        line = f'== {self.step_number}. {title} '
        print(f"\n{line}{'=' * max(4, 78 - len(line))}", flush=True)


def show_table(names, rows, limit=10, width=34):
    """Print the first rows as a table; longer values are cut."""
    def cell(value):
        if value is None:
            return ''
        text = f'{value:,.1f}' if isinstance(value, float) else str(value).replace('\n', ' ')
        return text if len(text) <= width else text[:width - 1] + '…'

    table = [[cell(value) for value in row] for row in rows[:limit]]
    widths = [max(len(line[i]) for line in [list(names), *table]) for i in range(len(names))]
    for line in [list(names), ['-' * w for w in widths], *table]:
        print('  ' + '  '.join(text.ljust(w) for text, w in zip(line, widths)).rstrip())
    if len(rows) > limit:
        print(f'  … {len(rows):,} rows in all')


def show_side_by_side(titles, documents):
    """Print documents as indented JSON, one column each."""
    width = (max(shutil.get_terminal_size((120, 24)).columns, 90) - 4) // len(documents) - 2
    columns = []
    for title, document in zip(titles, documents):
        lines = json.dumps(document, indent=1, ensure_ascii=False, default=float).splitlines()
        columns.append([title, '-' * width, *lines])
    for number in range(max(map(len, columns))):
        line = (column[number] if number < len(column) else '' for column in columns)
        print('  ' + '  '.join((t if len(t) <= width else t[:width - 1] + '…').ljust(width)
                               for t in line).rstrip())
