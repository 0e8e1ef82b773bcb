"""The independent readers: boto3 on the store, plain SELECT on the index, and the comparison with the truth."""
from boto3.dynamodb.types import TypeDeserializer

from reader import read_facts
from schema import POLICY, STORE_TABLE

COLUMNS = ('area', 'kind', 'make', 'model', 'revision', 'last_service', 'odometer_km', 'location')
_READS = TypeDeserializer()


def plain(item):
    """(key, document) of a typed item as the store returns it."""
    document = {name: _READS.deserialize(value) for name, value in item.items()}
    return document.pop('vehicle_id'), document


def scan_store(session, consistent):
    """Every document by key, by boto3's Scan, and the read units it cost."""
    documents, units, start = {}, 0.0, {}
    while True:
        page = session.store.scan(TableName=STORE_TABLE, ConsistentRead=consistent,
                                  ReturnConsumedCapacity='TOTAL', **start)
        documents.update(map(plain, page['Items']))
        units += page['ConsumedCapacity']['CapacityUnits']
        if not page.get('LastEvaluatedKey'):
            return documents, units
        start = {'ExclusiveStartKey': page['LastEvaluatedKey']}


def batch_get(session, keys):
    """The documents of some keys by boto3's BatchGetItem, and the read units they cost."""
    documents, units = {}, 0.0
    pending = [{'vehicle_id': {'S': key}} for key in keys]
    while pending:
        batch, pending = pending[:100], pending[100:]
        answer = session.store.batch_get_item(RequestItems={STORE_TABLE: {'Keys': batch}},
                                              ReturnConsumedCapacity='TOTAL')
        documents.update(map(plain, answer['Responses'][STORE_TABLE]))
        units += sum(part['CapacityUnits'] for part in answer['ConsumedCapacity'])
        pending += answer['UnprocessedKeys'].get(STORE_TABLE, {}).get('Keys', [])
    return documents, units


def index_rows(session):
    """Every row of the index by key: its columns as a dict, and what it rejected. Throws on a double key."""
    rows = session.rows(
        "SELECT vehicle_id, area, kind, make, model, revision, last_service, odometer_km,"
        f" location[0], location[1], rejected FROM {POLICY}")
    index = {}
    for key, *columns, lon, lat, rejected in rows:
        if key in index:
            raise AssertionError(f'{key} is in the index twice')
        index[key] = dict(zip(COLUMNS, (*columns, None if lon is None else (lon, lat)))), rejected or {}
    return index


def _differences(left, right, compare):
    out = [f'{key} only in the first' for key in left.keys() - right.keys()]
    out += [f'{key} only in the second' for key in right.keys() - left.keys()]
    for key in left.keys() & right.keys():
        difference = compare(left[key], right[key])
        if difference:
            out.append(f'{key}: {difference}')
    return sorted(out)


def _columns_differ(got, expected):
    return ', '.join(f'{name} {got[name]!r} and not {expected[name]!r}'
                     for name in COLUMNS if got[name] != expected[name])


def _row_differs(row, vehicle):
    columns, rejected = row
    truth = vehicle.truth
    expected = {name: getattr(truth, 'position' if name == 'location' else name) for name in COLUMNS}
    text = _columns_differ(columns, expected)
    if rejected.keys() != truth.spoilt.keys():
        text += f' rejected {sorted(rejected)} and not {sorted(truth.spoilt)}'
    for name in ('last_service', 'odometer_km'):    # one attribute each, so its raw value is kept as it is
        if name in rejected and rejected[name]['value'] != truth.spoilt.get(name):
            text += f" rejected {name} {rejected[name]['value']!r} and not {truth.spoilt.get(name)!r}"
    return text


def compare_index(session, world, when):
    """Check the whole index, row by row and column by column, against the generator's truth."""
    rows = index_rows(session)
    session.ledger.none_differ(f'{len(rows):,} index rows equal the truth, {when}',
                               _differences(rows, world.vehicles, _row_differs))
    return rows


def compare_store(session, world, rows, when):
    """Check the store's items (read by boto3) against what was written, and the index against the items."""
    documents, _ = scan_store(session, consistent=True)
    session.ledger.none_differ(
        f'{len(documents):,} store items (boto3) equal what was written, {when}',
        _differences(documents, world.vehicles,
                     lambda got, vehicle: got != vehicle.document and 'another document'))
    areas = world.fleet.catalog.areas
    session.ledger.none_differ(
        f'the index equals what a reader of each item (boto3) finds, {when}',
        _differences(rows, documents,
                     lambda row, document: _columns_differ(row[0], read_facts(document, areas))))
