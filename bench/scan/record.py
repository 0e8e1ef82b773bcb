"""Records the Scan pages of the example fleet: a real store is filled and scanned, and its bodies kept.

  record.py FOLDER COUNT      the store of STORE_PORT; FOLDER/page-NNN.json, full pages only
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


def record(folder, count):
    """Fill the store with the fleet's first vehicles, scan them, and keep all pages but the last."""
    store.create_table()
    store.put([typed_item(vehicle) for vehicle in Fleet(DEFAULT_SEED).vehicles(count)])
    folder.mkdir(parents=True, exist_ok=True)
    request, number = {'TableName': store.TABLE, 'ReturnConsumedCapacity': 'TOTAL'}, 0
    while True:
        body = store.ask('Scan', json.dumps(request))
        request['ExclusiveStartKey'] = json.loads(body).get('LastEvaluatedKey')
        if request['ExclusiveStartKey'] is None:
            break
        (folder / f'page-{number:03}.json').write_bytes(body)
        number += 1


if __name__ == '__main__':
    record(Path(sys.argv[1]), int(sys.argv[2]))
