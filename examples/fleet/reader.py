"""Reads a document of the example fleet back into facts, knowing its maker's manual.

This is the reader a fleet without an index would have to write and keep: it looks at the document
alone, shares no code with the writer in fleet.py, and is what the answers of the index are checked
against, on the items as boto3 returns them.
"""
import datetime
import re
from decimal import Decimal, InvalidOperation

import makers
import paths
from fleet import clean

_STRPTIME = {'ISO': '%Y-%m-%d', 'DD/MM/YYYY': '%d/%m/%Y', 'MM-DD-YY': '%m-%d-%y', 'DD Mon YYYY': '%d %b %Y'}
_EPOCH_UNIT = {'epoch_s': 1, 'epoch_ms': 1000}
_DISTANCE = {'miles': re.compile(r'(\d{1,3}(?:,\d{3})*) mi'),
             'spaced km': re.compile(r'(\d{1,3}(?: \d{3})*) km')}


def read_style(document):
    """The house style of a document: the one whose paths for the kind and the make are present."""
    for style in makers.STYLES:
        if paths.values(document, style.kind) and paths.values(document, style.make):
            return style
    raise ValueError('a document in no known style')


def read_date(style, raw):
    """The date a raw value stands for, None when it stands for none."""
    try:
        if style.date in _EPOCH_UNIT:
            if isinstance(raw, bool):
                return None
            moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(
                seconds=int(raw) // _EPOCH_UNIT[style.date])
            return moment.date()
        return datetime.datetime.strptime(raw, _STRPTIME[style.date]).date()
    except (ValueError, TypeError, OverflowError):
        return None


def read_odometer(style, raw):
    """Exact kilometres of a raw odometer value, None when it is unusable."""
    if style.distance == 'number':
        usable = isinstance(raw, (int, Decimal)) and not isinstance(raw, bool)
        return Decimal(raw) if usable else None
    match = _DISTANCE[style.distance].fullmatch(raw)
    if match is None:
        return None
    return Decimal(re.sub('[ ,]', '', match[1])) * (Decimal('1.609344') if style.distance == 'miles' else 1)


def read_position(style, document):
    """(lon, lat) of a document, None when missing or impossible."""
    found = [value for path in style.where for value in paths.values(document, path)]
    try:
        if style.shape == 'lat, lon':
            lat, lon = found
        elif style.shape == 'GeoJSON':
            lon, lat = found[0]['coordinates']
        else:
            lat, lon = found[0].split(',')
        lon, lat = Decimal(lon), Decimal(lat)
    except (ValueError, InvalidOperation, LookupError):
        return None
    return (float(lon), float(lat)) if abs(lon) <= 180 and abs(lat) <= 90 else None


def read_facts(document, areas):
    """The facts of one document as a dict named like the columns of the index table."""
    style = read_style(document)
    dates = [read_date(style, raw) for raw in paths.values(document, style.service)]
    odometer = [read_odometer(style, raw) for raw in paths.values(document, style.odometer)]
    position = read_position(style, document)
    return {
        'area': areas.locate(*position) if position else 'unlocated',
        'kind': clean(paths.values(document, style.kind)[0]).lower(),
        'make': clean(paths.values(document, style.make)[0]).upper(),
        'model': clean(paths.values(document, style.model)[0]),
        'revision': clean(paths.values(document, style.revision)[0]),
        'last_service': max((day for day in dates if day), default=None),
        'odometer_km': next((km for km in odometer if km is not None), None),
        'location': position,
    }
