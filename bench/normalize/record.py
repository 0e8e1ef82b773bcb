"""Records what the measures of normalizing read: documents of the example fleet, and their changes.

  record.py FOLDER COUNT      the store of STORE_PORT

A real store is filled with the fleet's first vehicles, and each is put again with one attribute more:
FOLDER/items has the items (a typed JSON each line), FOLDER/records the records of the store's stream as
it gives them, of which the relay makes messages.
"""
import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
import store
from fleet import Fleet
from generate import DEFAULT_SEED, typed_item
from paths import json_text

SECONDS = 120


def ask_streams(operation, request):
    """The text of the answer."""
    return store.ask(operation, json.dumps(request), service='DynamoDBStreams').decode()


def records_of(body):
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
    shards = json.loads(ask_streams('DescribeStream', {'StreamArn': arn}))
    records, deadline = [], time.monotonic() + SECONDS
    for shard in shards['StreamDescription']['Shards']:
        iterator = json.loads(ask_streams('GetShardIterator', {
            'StreamArn': arn, 'ShardId': shard['ShardId'], 'ShardIteratorType': 'TRIM_HORIZON'}))['ShardIterator']
        while iterator and len(records) < count:
            if time.monotonic() > deadline:
                sys.exit(f'{len(records)} of {count} records after {SECONDS} s')
            page, iterator = records_of(ask_streams('GetRecords', {'ShardIterator': iterator}))
            records += page
            if not page:
                time.sleep(0.1)
    assert len(records) == count, f'{len(records)} records instead of {count}'
    return records


def write_lines(path, lines):
    """One text a line."""
    with open(path, 'w', encoding='utf-8', newline='\n') as out:
        out.writelines(line + '\n' for line in lines)


def record(folder, count):
    """Fill the store, read its stream."""
    table = store.create_table(StreamSpecification={'StreamEnabled': True, 'StreamViewType': 'NEW_AND_OLD_IMAGES'})
    items = [typed_item(vehicle) for vehicle in Fleet(DEFAULT_SEED).vehicles(count)]
    seen = [{**item, 'last_seen': {'S': f'2026-11-22T{i % 24:02}:{i % 60:02}:00Z'}} for i, item in enumerate(items)]
    store.put(items)
    store.put(seen)
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / 'records', stream_records(table['LatestStreamArn'], 2 * count))
    write_lines(folder / 'items', map(json_text, items))


if __name__ == '__main__':
    record(Path(sys.argv[1]), int(sys.argv[2]))
