"""Write the example fleet: documents as JSON lines, typed store items, or COPY text of the foreign table.

  jsonl   {"vehicle_id": …, "item": {…}} a line, plain JSON
  typed   {"vehicle_id": {"S": …}, …} a line, as the DynamoDB API writes items
  copy    vehicle_id <tab> item, for COPY vehicles (vehicle_id, item) FROM STDIN
"""
import argparse
import sys
from decimal import Decimal

import paths
from fleet import Fleet

DEFAULT_COUNT, DEFAULT_SEED = 20_000, 42
_COPY_ESCAPES = str.maketrans({'\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r'})


def to_typed(value):
    """A plain value as the DynamoDB API's typed JSON."""
    if value is None:
        return {'NULL': True}
    if isinstance(value, bool):
        return {'BOOL': value}
    if isinstance(value, (int, Decimal)):
        return {'N': str(value)}
    if isinstance(value, str):
        return {'S': value}
    if isinstance(value, list):
        return {'L': [to_typed(element) for element in value]}
    return {'M': {name: to_typed(member) for name, member in value.items()}}


def typed_item(vehicle):
    """The whole item of a vehicle, key included, as typed JSON."""
    return {'vehicle_id': {'S': vehicle.vehicle_id}, **to_typed(vehicle.document)['M']}


def copy_line(vehicle):
    """One line of COPY text (vehicle_id, item)."""
    return f'{vehicle.vehicle_id}\t{paths.json_text(vehicle.document).translate(_COPY_ESCAPES)}\n'


def jsonl_line(vehicle):
    """One JSON line with the key beside the item."""
    return paths.json_text({'vehicle_id': vehicle.vehicle_id, 'item': vehicle.document}) + '\n'


def typed_line(vehicle):
    """One typed item a line."""
    return paths.json_text(typed_item(vehicle)) + '\n'


FORMATS = {'jsonl': jsonl_line, 'typed': typed_line, 'copy': copy_line}


def main():
    """Command line of the generator."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--count', type=int, default=DEFAULT_COUNT)
    parser.add_argument('--seed', type=int, default=DEFAULT_SEED)
    parser.add_argument('--format', choices=FORMATS, default='jsonl')
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding='utf-8', newline='\n')
    write = FORMATS[arguments.format]
    try:
        for vehicle in Fleet(arguments.seed).vehicles(arguments.count):
            sys.stdout.write(write(vehicle))
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == '__main__':
    main()
