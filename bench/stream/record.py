"""Records what the stream worker is measured with: the stream of a fleet that reports and is serviced.

  record.py FOLDER EVENTS      the store of STORE_PORT

A real store is filled with the example fleet, of which random vehicles then change until there were
EVENTS writes. FOLDER/records has its stream: the key as the relay writes it, a tab, and the record as the
store gives it, a line each.
"""
import datetime
import json
import random
import sys
from decimal import Decimal
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
import store
from fleet import AS_OF
from generate import DEFAULT_COUNT, DEFAULT_SEED, typed_item
from paths import json_text
from world import World

# of 100 changes: where it is, what it has driven and the rest, that it was serviced
MOVES, DRIVES = 35, 60
DRIVE = 50_000          # a move is this far at most, in 1/100,000 of a degree each way


def change(world, vehicle, dice, number):
    """What happens to a vehicle: always something, since the stream is silent about writes that change nothing."""
    what = dice.randrange(100)
    if what < MOVES:
        near = vehicle.truth.position or tuple(map(float, dice.choice(world.fleet.places)[1:]))
        lon, lat = (round(Decimal(degrees) + Decimal(dice.randrange(-DRIVE, DRIVE)) / 100_000, 5) for degrees in near)
        world.record_position(vehicle, max(min(lon, Decimal(180)), Decimal(-180)), max(min(lat, Decimal(85)), Decimal(-60)))
        return
    world.record_odometer(vehicle, 4_000_000 + 10 * number)
    if what >= MOVES + DRIVES:
        world.record_service(vehicle, AS_OF + datetime.timedelta(days=dice.randrange(365)))


def changes(world, count):
    """The items that changes leave, in batches of different vehicles."""
    dice, batch = random.Random(f'{world.seed}:changes'), {}
    vehicles = list(world.vehicles.values())
    for number in range(count):
        vehicle = dice.choice(vehicles)
        if vehicle.vehicle_id in batch or len(batch) == store.BATCH:
            yield list(batch.values())
            batch = {}
        change(world, vehicle, dice, number)
        batch[vehicle.vehicle_id] = typed_item(vehicle)
    yield list(batch.values())


def record(folder, events):
    """Fill the store, read its stream."""
    table = store.create_table(StreamSpecification={'StreamEnabled': True, 'StreamViewType': 'NEW_AND_OLD_IMAGES'})
    world = World(DEFAULT_SEED, min(DEFAULT_COUNT, events // 4))
    store.put([typed_item(vehicle) for vehicle in world.vehicles.values()])
    store.put_batches(changes(world, events - world.size))
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'records', 'w', encoding='utf-8', newline='\n') as out:
        for text in store.stream_records(table['LatestStreamArn'], events):
            key = json.loads(text)['dynamodb']['Keys'][store.KEY]['S']
            out.write('%s\t%s\n' % (json_text({store.KEY: {'S': key}}), text))


if __name__ == '__main__':
    record(Path(sys.argv[1]), int(sys.argv[2]))
