"""The items of recorded pages, for serve_items: without their key, each with its size as the store counts it."""
import base64
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'examples' / 'fleet'))

# pylint: disable=wrong-import-position
from paths import json_text

KEY = 'vehicle_id'


def _number_size(digits):
    """Two digits a byte, and one for sign and exponent."""
    return len(digits.lstrip('-').replace('.', '').strip('0')) // 2 + 2


def size_of(typed):
    """Of a value of the store, as DynamoDB documents it."""
    (kind, value), = typed.items()
    if kind == 'S':
        return len(value.encode())
    if kind == 'N':
        return _number_size(value)
    if kind == 'B':
        return len(base64.b64decode(value))
    if kind in ('BOOL', 'NULL'):
        return 1
    if kind == 'M':
        return 3 + len(value) + item_size(value)
    if kind == 'L':
        return 3 + len(value) + sum(map(size_of, value))
    return sum(size_of({kind[0]: element}) for element in value)


def item_size(item):
    """Names and values."""
    return sum(len(name.encode()) + size_of(typed) for name, typed in item.items())


def write(pages, file):
    """A line for each item of the pages; returns how many there are, and their bytes on average."""
    count, total = 0, 0
    with open(file, 'w', encoding='utf-8') as lines:
        for page in pages:
            for item in json.loads(page.read_text(encoding='utf-8'))['Items']:
                del item[KEY]
                size = item_size(item)
                print(size, json_text(item), sep='\t', file=lines)
                count, total = count + 1, total + size
    return count, total / count
