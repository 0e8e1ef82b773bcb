"""Asks a store without a client's overhead, so that what it answers can be kept as it is."""
import json
import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'examples' / 'fleet'))

# pylint: disable=wrong-import-position
from paths import json_text

TABLE, KEY = 'recorded', 'vehicle_id'
BATCH = 25
STREAM_SECONDS = 120     # without a record
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
    put_batches(items[i:i + BATCH] for i in range(0, len(items), BATCH))


def put_batches(batches):
    """Write batches of at most BATCH items with different keys, several at a time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_put_batch, batches))


def _ask_streams(operation, request):
    return ask(operation, json.dumps(request), service='DynamoDBStreams').decode()


def _records_of(body):
    """Each record of an answer, as its bytes stand there, and where to go on."""
    decoder, records = json.JSONDecoder(), []
    answer = json.loads(body)
    if answer['Records']:
        at = body.index('[', body.index('"Records"')) + 1
        for _ in answer['Records']:
            at = next(i for i in range(at, len(body)) if body[i] == '{')
            end = decoder.raw_decode(body, at)[1]
            records.append(body[at:end])
            at = end
    return records, answer.get('NextShardIterator')


def stream_records(arn, count):
    """All records of the table's stream."""
    shards = json.loads(_ask_streams('DescribeStream', {'StreamArn': arn}))
    records, deadline = [], time.monotonic() + STREAM_SECONDS
    for shard in shards['StreamDescription']['Shards']:
        iterator = json.loads(_ask_streams('GetShardIterator', {
            'StreamArn': arn, 'ShardId': shard['ShardId'], 'ShardIteratorType': 'TRIM_HORIZON'}))['ShardIterator']
        while iterator and len(records) < count:
            if time.monotonic() > deadline:
                sys.exit(f'{len(records)} of {count} records and none in {STREAM_SECONDS} s')
            page, iterator = _records_of(_ask_streams('GetRecords', {'ShardIterator': iterator}))
            records += page
            if page:
                deadline = time.monotonic() + STREAM_SECONDS
            else:
                time.sleep(0.1)
    assert len(records) == count, f'{len(records)} records instead of {count}'
    return records
