"""Asks a store without a client's overhead, so that what it answers can be kept as it is."""
import json
import os
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'examples' / 'fleet'))

# pylint: disable=wrong-import-position
from paths import json_text

TABLE, KEY = 'recorded', 'vehicle_id'
BATCH = 25
# The store reads key and region from the signature and checks no more of it.
SIGNED = ('AWS4-HMAC-SHA256 Credential=bench/20260101/eu-south-1/dynamodb/aws4_request, '
          f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}")


def ask(operation, request, service='DynamoDB'):
    """The bytes of the answer of the store at STORE_PORT."""
    return urllib.request.urlopen(urllib.request.Request(
        f"http://127.0.0.1:{os.environ['STORE_PORT']}/", data=request.encode(), headers={
            'Content-Type': 'application/x-amz-json-1.0',
            'X-Amz-Target': f'{service}_20120810.{operation}',
            'X-Amz-Date': '20260101T000000Z', 'Authorization': SIGNED}), timeout=60).read()


def create_table(**more):
    """The description of a new table of vehicles."""
    return json.loads(ask('CreateTable', json.dumps({
        'TableName': TABLE, 'BillingMode': 'PAY_PER_REQUEST',
        'AttributeDefinitions': [{'AttributeName': KEY, 'AttributeType': 'S'}],
        'KeySchema': [{'AttributeName': KEY, 'KeyType': 'HASH'}], **more})))['TableDescription']


def _put_batch(items):
    requests = {TABLE: [{'PutRequest': {'Item': item}} for item in items]}
    while requests:             # what the store leaves undone is asked for again
        requests = json.loads(ask('BatchWriteItem', json_text({'RequestItems': requests})))['UnprocessedItems']


def put(items):
    """Write items, all keys different, several batches at a time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_put_batch, (items[i:i + BATCH] for i in range(0, len(items), BATCH))))
