"""The real catalogue, places and boundaries behind the example fleet (see data/README.md)."""
import csv
import gzip
import json
from decimal import Decimal
from pathlib import Path

from geography import Areas

DATA = Path(__file__).resolve().parent / 'data'
BOUNDARIES = DATA / 'countries.geojson'


class Catalog:
    """Specifications (dicts), places (name, lon, lat as Decimals) and the areas they lie in."""

    def __init__(self):
        with gzip.open(DATA / 'vpic_specs.jsonl.gz', 'rt', encoding='utf-8') as lines:
            self.specs = [json.loads(line, parse_float=Decimal) for line in lines]
        with gzip.open(DATA / 'places.csv.gz', 'rt', encoding='utf-8', newline='') as lines:
            self.places = [(row['name'], Decimal(row['longitude']), Decimal(row['latitude']))
                           for row in csv.DictReader(lines)]
        self.areas = Areas(BOUNDARIES)
