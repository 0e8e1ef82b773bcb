"""Measures how soon statements end that are cancelled while they wait for the store, or work.

  measure.py      the server to use is PGHOST, PGPORT, PGUSER's; database yottastore

The store is played by this process: one port never answers, one is throttled for ever, and one sends
page after page of 1 MB. The last lines are "name measured target met|short", of the slowest of
all rounds in milliseconds; the exit code is 0 either way.
"""
import json
import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import psycopg2.errors

ROUNDS = 20
TARGET_MS = 100

SERVER = '''
DROP SERVER IF EXISTS {name} CASCADE;
CREATE SERVER {name} FOREIGN DATA WRAPPER yottastore
  OPTIONS (nodes 'http://127.0.0.1:{port}', region 'eu-south-1', connect_timeout '100s', request_timeout '100s');
CREATE USER MAPPING FOR CURRENT_USER SERVER {name} OPTIONS (access_key_id 'bench', secret_access_key 'bench');
CREATE FOREIGN TABLE {name} (id text OPTIONS (key 'partition') NOT NULL, n int, item jsonb OPTIONS (document 'true'))
  SERVER {name};
'''

STATEMENTS = {
    'unconnected': ('unreached', "SELECT n FROM {} WHERE id = 'a'"),
    'get': ('silent', "SELECT n FROM {} WHERE id = 'a'"),
    'batch_get': ('silent', "SELECT n FROM {} WHERE id IN ('a', 'b')"),
    'scan': ('silent', 'SELECT count(n) FROM {}'),
    'insert': ('silent', "INSERT INTO {} SELECT i::text FROM generate_series(1, 1000) i"),
    'update': ('silent', "UPDATE {} SET n = 1 WHERE id = 'a'"),
    'analyze': ('silent', 'ANALYZE {}'),
    'throttled_get': ('throttled', "SELECT n FROM {} WHERE id = 'a'"),
    'throttled_insert': ('throttled', "INSERT INTO {} SELECT i::text FROM generate_series(1, 1000) i"),
    'pages_of_columns': ('endless', 'SELECT count(n) FROM {}'),
    'pages_of_documents': ('endless', 'SELECT count(item) FROM {}'),
}


def make_page():
    """A Scan's answer of 1 MB that isn't the last."""
    items = [{'id': {'S': f'item {number}'}, 'n': {'N': str(number)},
              'log': {'L': [{'M': {'on': {'S': '2024-02-29'}, 'km': {'N': str(step)}}} for step in range(15)]}}
             for number in range(1200)]
    return json.dumps({'Items': items, 'Count': len(items), 'ScannedCount': len(items),
                       'LastEvaluatedKey': {'id': {'S': 'more'}}}).encode()


def answering(status, body):
    """The port of a store that gives this answer to everything."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self):
            self.rfile.read(int(self.headers['Content-Length']))
            self.send_response(status)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                pass            # its client was cancelled

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def listening(backlog):
    listener = socket.create_server(('127.0.0.1', 0), backlog=backlog)
    return listener, listener.getsockname()[1]


def connect():
    connection = psycopg2.connect(dbname='yottastore')
    connection.autocommit = True
    return connection, connection.cursor()


def cancelled_after(connection, cursor, statement):
    """Milliseconds from the cancellation of a statement under way to its end."""
    ended = []

    def run():
        try:
            cursor.execute(statement)
        except psycopg2.errors.QueryCanceled:
            ended.append(time.perf_counter())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(random.uniform(0.1, 0.3))
    assert thread.is_alive(), f'{statement}: ended by itself'
    began = time.perf_counter()
    connection.cancel()
    thread.join()
    assert ended, f'{statement}: not cancelled'
    return (ended[0] - began) * 1000


def main():
    silent, silent_port = listening(1000)
    unreached, unreached_port = listening(0)
    queued = []
    for _ in range(4):                  # with its queue full it takes no more
        queued.append(socket.socket())
        queued[-1].setblocking(False)
        queued[-1].connect_ex(('127.0.0.1', unreached_port))
    refusal = {'__type': 'com.amazonaws.dynamodb.v20120810#ThrottlingException', 'message': 'Rate exceeded'}
    ports = {'unreached': unreached_port, 'silent': silent_port,
             'throttled': answering(400, json.dumps(refusal).encode()), 'endless': answering(200, make_page())}

    connection, cursor = connect()
    for name, port in ports.items():
        cursor.execute(SERVER.format(name=name, port=port))
    print(f'{ROUNDS} rounds; milliseconds until a cancelled statement has ended, the way of the cancellation included')
    lines = []
    for name, (server, statement) in STATEMENTS.items():
        took = sorted(cancelled_after(connection, cursor, statement.format(server)) for _ in range(ROUNDS))
        print(f'  {name:20} median {took[ROUNDS // 2]:6.1f}   longest {took[-1]:6.1f}')
        lines.append(f'cancel_{name}_ms {took[-1]:.1f} {TARGET_MS} {"met" if took[-1] <= TARGET_MS else "short"}')
    for name in ports:
        cursor.execute(f'DROP SERVER {name} CASCADE')
    print('\n'.join(lines))
    for held in (*queued, silent, unreached):
        held.close()


if __name__ == '__main__':
    main()
