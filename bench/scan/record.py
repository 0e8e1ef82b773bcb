"""Records the Scan pages of the example fleet: a real store is filled and scanned, and its bodies kept.

  record.py FOLDER COUNT      the store of STORE_PORT; FOLDER/page-NNN.json, full pages only
"""
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'examples' / 'fleet'))

# pylint: disable=wrong-import-position
import json
import os
from concurrent.futures import ThreadPoolExecutor

from fleet import Fleet
from generate import DEFAULT_SEED, typed_item
from paths import json_text

TABLE, KEY = 'recorded', 'vehicle_id'
BATCH = 25
# The store reads key and region from the signature and checks no more of it.
SIGNED = ('AWS4-HMAC-SHA256 Credential=bench/20260101/eu-south-1/dynamodb/aws4_request, '
          f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}")


def ask(operation, request):
    """The bytes of the store's answer."""
    return urllib.request.urlopen(urllib.request.Request(
        f"http://127.0.0.1:{os.environ['STORE_PORT']}/", data=request.encode(), headers={
            'Content-Type': 'application/x-amz-json-1.0',
            'X-Amz-Target': f'DynamoDB_20120810.{operation}',
            'X-Amz-Date': '20260101T000000Z', 'Authorization': SIGNED}), timeout=60).read()


def put(items):
    """Write a batch of items, and again what the store left undone."""
    requests = {TABLE: [{'PutRequest': {'Item': item}} for item in items]}
    while requests:
        answer = json.loads(ask('BatchWriteItem', json_text({'RequestItems': requests})))
        requests = answer['UnprocessedItems']


def record(folder, count):
    """Fill the store with the fleet's first vehicles, scan them, and keep all pages but the last."""
    ask('CreateTable', json.dumps({
        'TableName': TABLE, 'BillingMode': 'PAY_PER_REQUEST',
        'AttributeDefinitions': [{'AttributeName': KEY, 'AttributeType': 'S'}],
        'KeySchema': [{'AttributeName': KEY, 'KeyType': 'HASH'}]}))
    items = [typed_item(vehicle) for vehicle in Fleet(DEFAULT_SEED).vehicles(count)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, (items[i:i + BATCH] for i in range(0, count, BATCH))))
    folder.mkdir(parents=True, exist_ok=True)
    request, number = {'TableName': TABLE, 'ReturnConsumedCapacity': 'TOTAL'}, 0
    while True:
        body = ask('Scan', json.dumps(request))
        request['ExclusiveStartKey'] = json.loads(body).get('LastEvaluatedKey')
        if request['ExclusiveStartKey'] is None:
            break
        (folder / f'page-{number:03}.json').write_bytes(body)
        number += 1


if __name__ == '__main__':
    record(Path(sys.argv[1]), int(sys.argv[2]))
