"""Records what the measures of normalizing read: documents of the example fleet, and their changes.

  record.py FOLDER COUNT      the store of STORE_PORT

A real store is filled with the fleet's first vehicles, and each is put again with one attribute more:
FOLDER/items has the items (a typed JSON each line), FOLDER/records the records of the store's stream as
it gives them, of which the relay makes messages.
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
import store
from fleet import Fleet
from generate import DEFAULT_SEED, typed_item
from paths import json_text


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
    write_lines(folder / 'records', store.stream_records(table['LatestStreamArn'], 2 * count))
    write_lines(folder / 'items', map(json_text, items))


if __name__ == '__main__':
    record(Path(sys.argv[1]), int(sys.argv[2]))
