"""How the makers of the example fleet write their documents.

Ten house styles, assigned by a hash of the make. Each has its own name, nesting and format for every
fact; on top of it each make names its catalogue attributes in its own case and place. No path is used
by two styles, so a path always means one format and one unit. Numbers without a unit are kilometres.
"""
import datetime
import re
import zlib
from dataclasses import dataclass
from decimal import Decimal

import paths

KM_PER_MILE = Decimal('1.609344')
MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()


@dataclass(frozen=True)
class Style:
    """One house style. `where` holds a (lat, lon) pair of paths, or the one path of a whole location."""
    name: str
    kind: str
    make: str
    model: str
    revision: str
    service: str
    date: str
    odometer: str
    distance: str
    where: tuple
    shape: str
    spelling: str = 'plain'

    @property
    def keeps_history(self):
        """Whether the style keeps every service and not only the last one."""
        return '[*]' in self.service


STYLES = (
    Style('harbour', 'type', 'make', 'model', 'revision',
          'last_service', 'ISO', 'odometer_km', 'number', ('pos.lat', 'pos.lon'), 'lat, lon'),
    Style('summit', 'spec.type', 'spec.make', 'spec.model', 'spec.revision',
          'service.last', 'DD/MM/YYYY', 'service.odometer', 'spaced km', ('location.point',), 'GeoJSON',
          'upper'),
    Style('delta', 'vehType', 'mk', 'mdl', 'rev',
          'svcDt', 'MM-DD-YY', 'odo', 'miles', ('gps',), 'text', 'padded'),
    Style('atlas', 'identity.class', 'identity.brand', 'identity.name', 'identity.edition',
          'maintenance.history[*].on', 'ISO', 'telemetry.mileage', 'miles',
          ('telemetry.position.latitude', 'telemetry.position.longitude'), 'lat, lon'),
    Style('lumiere', '"véhicule".genre', '"véhicule".marque', '"véhicule"."modèle"',
          '"véhicule"."révision"', '"dernier.entretien"', 'DD Mon YYYY', '"kilométrage"', 'spaced km',
          ('"coordonnées"',), 'GeoJSON', 'lower'),
    Style('pulse', 'unit.kind', 'unit.maker', 'unit.line', 'unit.release',
          'svc.ts', 'epoch_s', 'can.odometer.km', 'number', ('can.fix',), 'text', 'upper'),
    Style('quantum', 'vehicleType', 'vehicleMake', 'vehicleModel', 'modelRevision',
          'lastServiceMs', 'epoch_ms', 'distanceDriven', 'miles', ('geo.lat', 'geo.lng'), 'lat, lon'),
    Style('nordic', 'machine.category', 'machine.brand', 'machine.title', 'machine.version',
          'service_log[*]', 'epoch_ms', 'trip.total', 'spaced km', ('fix[0]', 'fix[1]'), 'lat, lon',
          'padded'),
    Style('forge', '"Vehicle-Class"', '"Vehicle-Make"', '"Vehicle-Model"', '"Vehicle-Revision"',
          '"Service-Date"', 'DD/MM/YYYY', '"Odometer-Reading"', 'miles', ('"Last-Position"',), 'text',
          'upper'),
    Style('orchid', 'record.category', 'record.brand', 'record.series', 'record.variant',
          'record.serviced_on', 'DD Mon YYYY', 'record.distance', 'number', ('record.place',), 'GeoJSON',
          'lower'),
)

CASES = ('camel', 'snake', 'upper', 'kebab')
PLACES = ('', 'attributes', 'build.sheet', 'catalogue')


def style_of(make):
    """The house style of a make."""
    return STYLES[zlib.crc32(make.strip().upper().encode()) % len(STYLES)]


def attribute_path(make, name):
    """Where a make keeps a catalogue attribute, given the catalogue's name of it (BodyClass)."""
    hashed = zlib.crc32(make.strip().upper().encode()) // len(STYLES)
    case, place = CASES[hashed % len(CASES)], PLACES[hashed // len(CASES) % len(PLACES)]
    words = re.findall(r'[A-Z]+(?![a-z])|[A-Z][a-z]+', name)
    spelled = {'camel': words[0].lower() + ''.join(words[1:]), 'snake': '_'.join(words).lower(),
               'upper': '_'.join(words).upper(), 'kebab': '"%s"' % '-'.join(words).lower()}[case]
    return f'{place}.{spelled}' if place else spelled


def spell(style, text, dice, fold=False):
    """A text value as the style spells it, which the policy's normalizers undo; fold: case may change."""
    if style.spelling == 'padded':
        return ' ' * dice.randrange(3) + text + ' ' * dice.randrange(3)
    if fold and style.spelling in ('upper', 'lower'):
        return text.upper() if style.spelling == 'upper' else text.lower()
    return text


def write_date(style, day, seconds=0):
    """A service date in the style's format; seconds of the day go where the format has room for them."""
    if style.date in ('epoch_s', 'epoch_ms'):
        midnight = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)
        moment = int(midnight.timestamp()) + seconds
        return moment if style.date == 'epoch_s' else moment * 1000
    return {'ISO': day.isoformat(),
            'DD/MM/YYYY': f'{day.day:02}/{day.month:02}/{day.year:04}',
            'MM-DD-YY': f'{day.month:02}-{day.day:02}-{day.year % 100:02}',
            'DD Mon YYYY': f'{day.day} {MONTHS[day.month - 1]} {day.year:04}'}[style.date]


def write_odometer(style, tenths):
    """(value as written, exact kilometres) of an odometer that counts tenths of the style's unit."""
    if style.distance == 'number':
        km = Decimal(tenths) / 10
        return km, km
    whole = tenths // 10
    if style.distance == 'miles':
        return f'{whole:,} mi', whole * KM_PER_MILE
    return f'{whole:,} km'.replace(',', ' '), Decimal(whole)


def write_position(style, document, lon, lat):
    """Write a position (Decimals) into the document. Returns the (path, value) pairs it wrote."""
    if style.shape == 'lat, lon':
        pairs = list(zip(style.where, (lat, lon)))
    elif style.shape == 'GeoJSON':
        pairs = [(style.where[0], {'type': 'Point', 'coordinates': [lon, lat]})]
    else:
        pairs = [(style.where[0], f'{lat},{lon}')]
    for path, value in pairs:
        paths.put(document, path, value)
    return pairs


UNUSABLE_DATES = {
    'ISO': ('2024-02-30', '2023-13-01', 'unknown'),
    'DD/MM/YYYY': ('31/02/2024', '00/00/0000', 'to do'),
    'MM-DD-YY': ('13-45-24', '02-31-23', 'n/a'),
    'DD Mon YYYY': ('32 Jan 2024', '12 Foo 2023', 'next week'),
    'epoch_s': (True, 'never', 10 ** 24),
    'epoch_ms': (False, 'pending', 10 ** 27),
}
UNUSABLE_DISTANCES = {
    'number': ('ERR', True, 'no reading'),
    'miles': ('12,345 furlongs', '-- mi', 'see sticker'),
    'spaced km': ('19 867 leagues', '?? km', 'illisible'),
}
UNUSABLE_POSITIONS = {
    'lat, lon': ((Decimal('131.5'), Decimal('12.25')), (Decimal('45.1'), Decimal('999')), ('north', 'east')),
    'GeoJSON': ({'type': 'Point', 'coordinates': [12, 131]}, {'type': 'Point', 'coordinates': ['a', 'b']},
                {'type': 'Point', 'coordinates': [Decimal('7.5')]}),
    'text': ('145.1,9.2', 'no fix', '45.1/9.2'),
}
