"""What is written while things die, and what the index must have of it: by a reader of its own."""
import json
import random
import threading
import time

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

TABLE = 'fault_vehicles'
KEYS = 5000
BATCH = 25

# countries of the test's own map, by longitude
AREAS = (('West', 0, 10), ('Middle', 10, 20), ('East', 20, 30))

# the owner's constraint refuses rows with it; a field rejects items with it
FORBIDDEN_ODOMETER = 666
BAD_DAY = '31/02/2024'


def store_client(port):
    """The store's API."""
    return boto3.client('dynamodb', endpoint_url=f'http://127.0.0.1:{port}', region_name='eu-south-1',
                        aws_access_key_id='fault', aws_secret_access_key='fault',
                        config=Config(retries={'max_attempts': 10}, max_pool_connections=16))


def make_item(dice, key, number):
    """An item with its fields written in one of the ways that makers have."""
    day = f'{dice.randrange(1, 29):02}'
    longitude = dice.choice((-5, 2, 5, 8, 12, 15, 18, 22, 25, 28))
    odometer = FORBIDDEN_ODOMETER if dice.random() < 0.01 else 1000 + number
    item = {'id': {'S': key}, 'n': {'N': str(number)},
            'filler': {'S': 'x' * dice.randrange(10, 400)}}
    item |= dice.choice(({'service': {'S': f'2024-03-{day}'}},
                         {'last': {'M': {'service': {'S': f'{day}/03/2024'}}}},
                         {'svc': {'S': BAD_DAY if dice.random() < 0.02 else f'{day}/03/2024'}}))
    item |= dice.choice(({'odo': {'N': str(odometer)}}, {'odo': {'S': f'{odometer:,} km'}}))
    item |= dice.choice(({'pos': {'M': {'lat': {'N': '5'}, 'lon': {'N': str(longitude)}}}},
                         {'gps': {'S': f'5,{longitude}'}}))
    return item


def is_refused(item):
    """Has the item no row: does a field reject it, or the owner's constraint?"""
    return item.get('svc') == BAD_DAY or odometer_of(item) == FORBIDDEN_ODOMETER


def odometer_of(item):
    """Kilometres, however they are written."""
    return int(str(item['odo']).replace(' km', '').replace(',', ''))


def row_of(item):
    """What the index must have of an item: area, n, last_service, odometer."""
    written = item.get('service') or item.get('svc') or item['last']['service']
    day = written if written[4] == '-' else '-'.join(reversed(written.split('/')))
    longitude = float(item['pos']['lon'] if 'pos' in item else item['gps'].split(',')[1])
    areas = [name for name, west, east in AREAS if west < longitude < east]
    return (areas[0] if areas else 'unlocated', int(item['n']), day, odometer_of(item))


def plain_item(typed):
    """An item without its type tags."""
    plain = TypeDeserializer()
    return {name: plain.deserialize(value) for name, value in typed.items()}


def image_of(payload):
    """The item after the change that a message is about, or that backfill read; None: it tells of none."""
    record = json.loads(payload)
    image = record['dynamodb'].get('NewImage') if 'dynamodb' in record else record
    return plain_item(image) if image else None


def key_of(text):
    """An item's key, from the text that the quarantine has."""
    return json.loads(text)['id']['S']


def read_store(client):
    """Every item by its key, read consistently."""
    found = {}
    for page in client.get_paginator('scan').paginate(TableName=TABLE, ConsistentRead=True):
        for item in map(plain_item, page['Items']):
            found[item['id']] = item
    return found


class Writers:
    """Threads that put, update, delete and put again, each items of its own."""

    def __init__(self, port, seed, threads, events):
        self.port = port
        self.left = events
        self.written = 0
        self.lock = threading.Lock()
        self.failure = None
        self.threads = [threading.Thread(target=self.guard, args=(random.Random(f'{seed}/{i}'), i, threads))
                        for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def take(self, count):
        """A number that no other write has, and how many writes from there on; 0: enough was written."""
        with self.lock:
            count = min(count, self.left)
            self.left -= count
            self.written += count
            return self.written, count

    def guard(self, dice, number, threads):
        """A writer that fails is a test that failed."""
        try:
            self.write(store_client(self.port), dice, [f'v{i:05}' for i in range(number, KEYS, threads)])
        except Exception as error:      # pylint: disable=broad-exception-caught
            self.failure = error

    def write(self, client, dice, keys):
        """Until enough is written: batches of puts and deletes, and now and then an update."""
        while True:
            first, count = self.take(BATCH)
            if count == 0:
                return
            requests = []
            for at, key in enumerate(dice.sample(keys, count)):
                if dice.random() < 0.2:
                    requests.append({'DeleteRequest': {'Key': {'id': {'S': key}}}})
                else:
                    requests.append({'PutRequest': {'Item': make_item(dice, key, first + at)}})
            while requests:
                answer = client.batch_write_item(RequestItems={TABLE: requests})
                requests = answer['UnprocessedItems'].get(TABLE, [])
            first, count = self.take(1)
            if count > 0:
                key = dice.choice(keys)
                item = make_item(dice, key, first)
                client.update_item(
                    TableName=TABLE, Key={'id': {'S': key}},
                    UpdateExpression='SET n = :n, odo = :odo, svc = :svc, gps = :gps REMOVE pos, service, #l',
                    ExpressionAttributeNames={'#l': 'last'},
                    ExpressionAttributeValues={':n': item['n'], ':odo': item['odo'], ':svc': {'S': '05/03/2024'},
                                               ':gps': {'S': f'5,{dice.choice((5, 15, 25))}'}})

    def running(self):
        """Is any of them at work?"""
        if self.failure is not None:
            raise self.failure
        return any(thread.is_alive() for thread in self.threads)


def create_table(client):
    """The table, with its stream."""
    client.create_table(TableName=TABLE, BillingMode='PAY_PER_REQUEST',
                        KeySchema=[{'AttributeName': 'id', 'KeyType': 'HASH'}],
                        AttributeDefinitions=[{'AttributeName': 'id', 'AttributeType': 'S'}],
                        StreamSpecification={'StreamEnabled': True, 'StreamViewType': 'NEW_AND_OLD_IMAGES'})
    while client.describe_table(TableName=TABLE)['Table']['TableStatus'] != 'ACTIVE':
        time.sleep(0.1)
