"""The example fleet: heterogeneous documents and, for each, the truth an index must arrive at.

Vehicle number i depends on the seed and i alone, so a fleet of 100 is the beginning of one of 20,000.
The truth is recorded while the document is written, never derived from it (reader.py does that).
"""
import datetime
import random
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Optional

import makers
import paths
from catalog import Catalog
from geography import UNLOCATED

AS_OF = datetime.date(2026, 11, 22)
SPOILT_SHARE = 0.03
SPACES = re.compile(r'[ \t\n\r\f\v]+')


@dataclass
class Truth:
    """What the index row of a vehicle must say; spoilt maps a fact to the raw value made unusable."""
    style: makers.Style
    kind: str
    make: str
    model: str
    revision: str
    last_service: Optional[datetime.date] = None
    odometer_km: Optional[Decimal] = None
    position: Optional[tuple] = None
    area: str = UNLOCATED
    spoilt: dict = field(default_factory=dict)


@dataclass
class Vehicle:
    """One vehicle: its key, its document (numbers are int or Decimal) and its truth."""
    vehicle_id: str
    document: dict
    truth: Truth


def clean(text):
    """Text without surrounding space and with single spaces inside."""
    return SPACES.sub(' ', text).strip(' ')


class Fleet:
    """A deterministic fleet; seed and vehicle number decide everything."""

    def __init__(self, seed, catalog=None):
        self.seed = seed
        self.catalog = catalog or Catalog()
        dice = random.Random(f'{seed}:order')
        self.specs = dice.sample(self.catalog.specs, len(self.catalog.specs))
        self.places = dice.sample(self.catalog.places, len(self.catalog.places))

    def vehicles(self, count):
        """The first `count` vehicles."""
        return (self.vehicle(number) for number in range(count))

    def vehicle(self, number):
        """Vehicle number `number`."""
        dice = random.Random(f'{self.seed}:{number}')
        # fleets buy many of the same and park many in one place: both draws favour the low ranks
        spec = self.specs[int(len(self.specs) * dice.random() ** 2.5)]
        place = self.places[int(len(self.places) * dice.random() ** 1.5)]
        style = makers.style_of(spec['make'])
        truth = Truth(style, clean(spec['type']).lower(), clean(spec['make']).upper(),
                      clean(spec['model']), clean(spec['revision']))
        document = {}
        self._write_identity(dice, document, spec, style, number)
        self._write_service(dice, document, truth)
        self._write_odometer(dice, document, truth)
        self._write_position(dice, document, truth, place)
        return Vehicle(f'v{number:07}', document, truth)

    def _write_identity(self, dice, document, spec, style, number):
        paths.put(document, style.kind, makers.spell(style, spec['type'], dice, fold=True))
        paths.put(document, style.make, makers.spell(style, spec['make'], dice, fold=True))
        paths.put(document, style.model, makers.spell(style, spec['model'], dice))
        paths.put(document, style.revision, makers.spell(style, spec['revision'], dice))
        extras = {
            'Vin': f"{spec['wmi'] or '000'}{dice.randrange(16 ** 8):08X}{number:06}"[:17],
            'SerialNumber': dice.randrange(10 ** 24, 10 ** 25),
            'InService': dice.random() < 0.95,
            'TyrePressures': [Decimal(dice.randrange(180, 320)) / 100 for _ in range(4)],
            'ModelYears': {'from': spec['year_from'], 'to': spec['year_to']},
        }
        for name, value in {**spec['attributes'], **extras}.items():
            paths.put(document, makers.attribute_path(spec['make'], name), value)

    def _write_service(self, dice, document, truth):
        style = truth.style
        newest = AS_OF - datetime.timedelta(days=1 + int(dice.expovariate(1 / 150)) % 1500)
        days = [newest]
        if style.keeps_history:
            days += [newest - datetime.timedelta(days=dice.randrange(60, 900))
                     for _ in range(dice.randrange(4))]
        dice.shuffle(days)
        moments = [(day, dice.randrange(86400)) for day in days]
        chance = dice.random()
        if chance < SPOILT_SHARE:
            raw = dice.choice(makers.UNUSABLE_DATES[style.date])
            paths.put(document, style.service, raw)
            truth.spoilt['last_service'] = raw
        elif chance < 0.97:        # the rest was never serviced: the attribute is missing
            for day, seconds in moments:
                paths.put(document, style.service, makers.write_date(style, day, seconds))
            truth.last_service = newest

    def _write_odometer(self, dice, document, truth):
        style = truth.style
        written, km = makers.write_odometer(style, dice.randrange(5_000, 4_000_000))
        if dice.random() < SPOILT_SHARE:
            written, km = dice.choice(makers.UNUSABLE_DISTANCES[style.distance]), None
            truth.spoilt['odometer_km'] = written
        paths.put(document, style.odometer, written)
        truth.odometer_km = km

    def _write_position(self, dice, document, truth, place):
        style = truth.style
        lon, lat = (parked + Decimal(dice.randrange(-1500, 1501)) / 100_000 for parked in place[1:])
        if dice.random() < SPOILT_SHARE:
            raw = dice.choice(makers.UNUSABLE_POSITIONS[style.shape])
            for path, value in zip(style.where, raw if style.shape == 'lat, lon' else (raw,)):
                paths.put(document, path, value)
            truth.spoilt['area'] = raw
        else:
            makers.write_position(style, document, lon, lat)
            self.place_truth(truth, lon, lat)

    def place_truth(self, truth, lon, lat):
        """Record where a vehicle is, and in which area that lies."""
        truth.position = (float(lon), float(lat))
        truth.area = self.catalog.areas.locate(*truth.position)
