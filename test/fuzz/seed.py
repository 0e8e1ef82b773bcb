"""Writes inputs to begin fuzzing with: the raw values of test/corpus in the forms the targets read.

  seed.py FOLDER        FOLDER/TARGET/...
"""
import base64
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Types and the targets that read values of them: one byte or two choose how.
TARGETS = {'date': ('date', 16), 'timestamp': ('date', 16), 'numeric': ('number', 16), 'location': ('location', 16)}


def write(folder, target, text):
    """One input, named by its content."""
    data = text.encode() if isinstance(text, str) else text
    path = folder / target / hashlib.sha1(data).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def value_inputs(folder, kind, raw, number):
    """A raw value for the target of its type, under a few of the declarations."""
    target, choices = TARGETS[kind]
    value = json.loads(raw)
    text = value if isinstance(value, str) else raw
    for choice in (number % choices, (number * 7 + 3) % choices):
        lead = bytes((choice, (choice + number) % choices)) if target == 'date' else bytes((choice,))
        write(folder, target, lead + text.encode('utf-8', 'replace'))


def corpus_inputs(folder, path):
    """All lines of one corpus."""
    declared, kind = {}, None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines()):
        if line.startswith('@ '):
            declared = json.loads(line[2:])
            kind = declared['type']
            field = {'name': 'f', 'paths': ['value'], **declared}
            for form in declared.get('formats', ()):
                write(folder, 'date', f'?{form}\n2024-03-12')
            declaration = json.dumps({'fields': [field]}, ensure_ascii=False)
        elif line.startswith('@location '):
            declared, kind = json.loads(line[10:]), 'location'
            area = {'kind': 'location', 'level': 'country', **declared}
            if 'lat' not in area:
                area.setdefault('paths', ['value'])
            declaration = json.dumps({'area': area}, ensure_ascii=False)
        elif '\t' in line and kind is not None:
            raw = line.split('\t')[0]
            if kind in TARGETS:
                value_inputs(folder, kind, raw, number)
            if number % 10 == 0:
                write(folder, 'policy', f'{declaration}\n{{"value": {raw}}}')
                write(folder, 'json', raw)
            if kind == 'text' and 'paths' in declared and number % 3 == 0:
                write(folder, 'path', f"{declared['paths'][0]}\nvalue.a[*].b\n{{\"value\": {raw}}}")


def fleet_inputs(folder):
    """Documents of the example fleet, and its policy over some."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT / 'examples' / 'fleet'))
    # pylint: disable=import-outside-toplevel
    from fleet import Fleet
    from generate import DEFAULT_SEED, jsonl_line, typed_line
    vehicles = list(Fleet(DEFAULT_SEED).vehicles(60))
    plain = [json.dumps(json.loads(jsonl_line(vehicle))['item'], ensure_ascii=False) for vehicle in vehicles]
    for i in range(0, 60, 4):
        write(folder, 'suggest', '\n'.join(plain[i:i + 4]))
    write(folder, 'suggest', ''.join(map(typed_line, vehicles[:3])))
    fields = [{'name': 'f', 'type': kind, 'paths': ['service.last', 'odo', 'list[*]', 'a.b[0]'], **more} for kind, more in (
        ('text', {'synonyms': 'kind', 'normalizers': ['trim', 'lower']}), ('date', {'formats': ['auto']}),
        ('timestamp', {'timezone': 'Europe/Rome', 'combine': 'latest'}), ('numeric', {'unit': 'km', 'on_error': 'keep_raw'}),
        ('text[]', {}), ('jsonb', {}), ('boolean', {'required': True, 'on_error': 'reject'}))]
    item = '{"service":{"M":{"last":{"S":"2024-03-12"}}},"odo":{"S":"12 mi"},"list":{"L":[{"S":"a"},{"N":"1"}]},"a":{"M":{"b":{"SS":["x"]}}}}'
    for field in fields:
        write(folder, 'policy', json.dumps({'fields': [field]}) + '\n' + item)
    area = {'kind': 'value', 'level': 'x', 'paths': ['a.b[0]'], 'location': {'lat': ['p.lat'], 'lon': ['p.lon'], 'paths': ['q']}}
    write(folder, 'policy', json.dumps({'area': area, 'attributes': {'include': ['*'], 'exclude': ['a.b']}}) + '\n'
          + item[:-1] + ',"p":{"M":{"lat":{"N":"1"},"lon":{"N":"2.5"}}},"q":{"S":"45.5,9.25"}}')


def event_inputs(folder):
    """Messages of each format, read as that and as any, with keys of each form."""
    image = {'id': {'S': 'a'}, 'n': {'M': {'b': {'L': [{'N': '1'}, {'SS': ['x']}]}}}}
    record = {'eventName': 'MODIFY', 'tableName': 't', 'eventSourceARN': 'arn:aws:dynamodb:r:1:table/t/stream/x',
              'dynamodb': {'ApproximateCreationDateTime': 1700000000.5, 'Keys': {'id': {'S': 'a'}, 'at': {'N': '1.50'}},
                           'NewImage': image, 'OldImage': image, 'SequenceNumber': '1'}}
    removed = {'eventName': 'REMOVE', 'dynamodb': {'Keys': {'id': {'B': 'AAE='}}, 'ApproximateCreationDateTime': 1700000000123,
                                                   'ApproximateCreationDateTimePrecision': 'MILLISECOND'}}
    kinesis = [{'kinesis': {'data': base64.b64encode(json.dumps(each).encode()).decode()}} for each in (record, {})]
    row = {'id': 'a', 'at': 7, 'n': {'b': [1.5, None, True, 'x']}}
    envelope = {'op': 'u', 'before': row, 'after': row, 'source': {'table': 't', 'ts_ms': 1700000000123}, 'ts_us': 1}
    values = [record, removed, {'Records': [record, removed, None]}, {'Records': kinesis}, {'Records': []}, envelope,
              {**envelope, 'op': 'd', 'after': None}, {'schema': {'type': 'struct'}, 'payload': envelope},
              {'schema': None, 'payload': row}, {'schema': {}, 'payload': None}, row, {'op': 'm'}, {}, []]
    keys = [b'', b'a', b'"a"', b'7', b'{"id":"a","at":7}', b'{"at":{"N":"7"},"id":{"S":"a"}}', b'\0\0\0\0\1"a"',
            b'{"schema":{},"payload":{"id":"AAE=","at":"7"}}', b'{"no":1}']
    for number, value in enumerate(values):
        text = json.dumps(value, separators=(',', ':')).encode()
        for how in range(0, 128, 3):
            lead, key = bytes((how,)), keys[(number + how) % len(keys)]
            write(folder, 'event', lead + (key + b'\n' if key else b'') + text)
            write(folder, 'event', lead + key + b'\n\0\0\0\0\x2a' + text)
    for key in keys:
        for how in range(128, 256, 5):
            write(folder, 'event', bytes((how,)) + key + b'\n')


def main():
    """Everything."""
    folder = Path(sys.argv[1])
    for target in (ROOT / 'test/fuzz/corpus').iterdir():
        (folder / target.name).mkdir(parents=True, exist_ok=True)
    for text in ('2024-03-12T09:15:00+01:00', '12/03/2024', '12 Mar 2024', '1710234900', '1710234900123'):
        for choice in range(8):
            write(folder, 'date', bytes((choice, 7 - choice)) + text.encode())
    for text in ('1,234.5 mi', '-0.001e5', '12 345,6', '99.5 km/h', '3 \u00b0C'):
        for choice in range(4):
            write(folder, 'number', bytes((choice,)) + text.encode())
    for raw in ('45.5,9.25', '{"lat": 45.5, "lon": "9.25"}', '{"type":"Point","coordinates":[9.25,45.5]}',
                '[9.25, 45.5]', 'u0nd9h', '45\u00b030\u2032N 9\u00b015\u2032E'):
        write(folder, 'location', b'\0' + raw.encode())
    fleet_inputs(folder)
    event_inputs(folder)
    for path in sorted((ROOT / 'test/corpus').glob('*.tsv')):
        corpus_inputs(folder, path)
    for raw in ('{"id":{"S":"x"},"a":{"M":{"b":{"L":[{"N":"1.5e3"},{"BOOL":true},{"NULL":true}]}}}}',
                '{"a":{"SS":["x","y"]},"b":{"NS":["1","2.0"]},"c":{"BS":["AAE="]},"d":{"B":"AAE="}}',
                '{"Items":[{"a":{"S":"\\u00e9\\ud83d\\ude00"}}],"Count":1,"LastEvaluatedKey":{"a":{"S":"x"}}}'):
        write(folder, 'json', raw)
    with open(ROOT / 'examples/fleet/data/countries.geojson', encoding='utf-8') as source:
        countries = json.load(source)
    small = sorted(countries['features'], key=lambda feature: len(json.dumps(feature)))[:12]
    for feature in small:
        write(folder, 'geojson', json.dumps({**countries, 'features': [feature]}, ensure_ascii=False))
    write(folder, 'geojson', bytes((10, 10, 50, 10, 50, 50, 10, 50, 127, 127, 200, 20, 220, 60, 40, 70)))


if __name__ == '__main__':
    main()
