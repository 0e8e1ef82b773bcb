"""Unit tests of the example fleet's generator: python3 -m unittest discover -s examples/fleet"""
import json
import random
import subprocess
import sys
import unittest
from collections import Counter
from decimal import Decimal
from pathlib import Path

import generate
import makers
import paths
import reader
import route
from catalog import Catalog
from fleet import AS_OF, Fleet
from geography import distance_km, tour_km

HERE = Path(__file__).resolve().parent
SEED, COUNT = 7, 4000


def structure(value):
    """The shape of a document: names and nesting without values."""
    if isinstance(value, dict):
        return tuple(sorted((name, structure(member)) for name, member in value.items()))
    return type(value).__name__


class GeneratorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.catalog = Catalog()
        cls.vehicles = list(Fleet(SEED, cls.catalog).vehicles(COUNT))

    def test_same_seed_same_fleet(self):
        again = list(Fleet(SEED, self.catalog).vehicles(300))
        self.assertEqual(again, self.vehicles[:300])
        other = list(Fleet(SEED + 1, self.catalog).vehicles(300))
        self.assertNotEqual([v.document for v in again], [v.document for v in other])

    def test_a_vehicle_does_not_depend_on_those_before_it(self):
        self.assertEqual(Fleet(SEED, self.catalog).vehicle(123), self.vehicles[123])

    def test_same_output_in_another_process(self):
        command = [sys.executable, str(HERE / 'generate.py'), '--count', '50', '--seed', str(SEED)]
        for form, write in generate.FORMATS.items():
            with self.subTest(format=form):
                out = subprocess.run([*command, '--format', form], check=True, capture_output=True)
                self.assertEqual(out.stdout.decode(), ''.join(map(write, self.vehicles[:50])))

    def test_about_three_percent_of_values_are_unusable(self):
        for fact in ('last_service', 'odometer_km', 'area'):
            spoilt = sum(fact in v.truth.spoilt for v in self.vehicles)
            self.assertTrue(0.02 <= spoilt / COUNT <= 0.04, f'{fact}: {spoilt} of {COUNT}, seed {SEED}')

    def test_spoilt_values_leave_no_truth(self):
        for vehicle in self.vehicles:
            truth = vehicle.truth
            self.assertFalse('last_service' in truth.spoilt and truth.last_service)
            self.assertFalse('odometer_km' in truth.spoilt and truth.odometer_km is not None)
            self.assertEqual('area' in truth.spoilt, truth.position is None)
            self.assertTrue(truth.position or truth.area == 'unlocated')

    def test_an_independent_reader_arrives_at_the_truth(self):
        for vehicle in self.vehicles:
            truth = vehicle.truth
            facts = reader.read_facts(vehicle.document, self.catalog.areas)
            self.assertEqual(reader.read_style(vehicle.document), truth.style)
            self.assertEqual(facts, {
                'area': truth.area, 'kind': truth.kind, 'make': truth.make, 'model': truth.model,
                'revision': truth.revision, 'last_service': truth.last_service,
                'odometer_km': truth.odometer_km, 'location': truth.position}, vehicle.vehicle_id)

    def test_every_style_is_there_and_they_differ(self):
        seen = Counter(v.truth.style.name for v in self.vehicles)
        self.assertEqual(set(seen), {style.name for style in makers.STYLES})
        for fact in ('kind', 'make', 'model', 'revision', 'service', 'odometer', 'where'):
            spelled = Counter(getattr(style, fact) for style in makers.STYLES)
            self.assertEqual(max(spelled.values()), 1, fact)
        self.assertEqual({s.date for s in makers.STYLES}, set(makers.UNUSABLE_DATES))
        self.assertEqual({s.distance for s in makers.STYLES}, set(makers.UNUSABLE_DISTANCES))
        self.assertEqual({s.shape for s in makers.STYLES}, set(makers.UNUSABLE_POSITIONS))
        self.assertGreater(len({structure(v.document) for v in self.vehicles}), 1000)

    def test_no_document_answers_to_two_styles(self):
        for vehicle in self.vehicles:
            present = [s.name for s in makers.STYLES
                       for fact in (s.kind, s.make, s.model, s.revision, s.service, s.odometer, *s.where)
                       if paths.values(vehicle.document, fact)]
            self.assertEqual(set(present), {vehicle.truth.style.name})

    def test_several_services_count_by_the_latest(self):
        several = [v for v in self.vehicles if v.truth.style.keeps_history and v.truth.last_service
                   and len(paths.values(v.document, v.truth.style.service)) > 2]
        self.assertGreater(len(several), 10)
        unordered = [v for v in several if paths.values(v.document, v.truth.style.service)
                     != sorted(paths.values(v.document, v.truth.style.service))]
        self.assertGreater(len(unordered), 10)

    def test_vehicles_are_in_many_areas_and_some_in_none(self):
        areas = Counter(v.truth.area for v in self.vehicles)
        self.assertGreater(len(areas), 80)
        on_water = sum(v.truth.position is not None and v.truth.area == 'unlocated' for v in self.vehicles)
        self.assertGreater(on_water, 0)
        self.assertTrue(all(v.truth.last_service < AS_OF for v in self.vehicles if v.truth.last_service))

    def test_copy_text_round_trips(self):
        for vehicle in self.vehicles[:500]:
            key, item = generate.copy_line(vehicle).rstrip('\n').split('\t')
            unescaped = item.replace('\\\\', '\\')
            self.assertEqual(key, vehicle.vehicle_id)
            self.assertEqual(json.loads(unescaped, parse_float=Decimal), vehicle.document)

    def test_typed_items_read_back_through_the_store_client(self):
        from boto3.dynamodb.types import TypeDeserializer
        reads = TypeDeserializer()
        for vehicle in self.vehicles[:500]:
            item = {name: reads.deserialize(value) for name, value in generate.typed_item(vehicle).items()}
            self.assertEqual(item, {'vehicle_id': vehicle.vehicle_id, **vehicle.document})


class PathTest(unittest.TestCase):
    def test_put_then_read(self):
        document = {}
        for path, value in (('a.b', 1), ('"odd.name".x', 2), ('gps[0]', 3), ('gps[1]', 4),
                            ('log[*].on', 5), ('log[*].on', 6), ('"véhicule"."modèle"', 7)):
            paths.put(document, path, value)
        self.assertEqual(document, {'a': {'b': 1}, 'odd.name': {'x': 2}, 'gps': [3, 4],
                                    'log': [{'on': 5}, {'on': 6}], 'véhicule': {'modèle': 7}})
        self.assertEqual(paths.values(document, 'log[*].on'), [5, 6])
        self.assertEqual(paths.values(document, 'gps[2]'), [])
        with self.assertRaises(ValueError):
            paths.parse('a..b')

    def test_sql_and_store_spelling(self):
        self.assertEqual(paths.sql_update('a.b', "it's"), "jsonb_set(item, '{a,b}', '\"it''s\"')")
        self.assertEqual(paths.sql_update('log[*].on', 5),
                         "jsonb_insert(item, '{log,-1}', '{\"on\": 5}', true)")
        self.assertEqual(paths.sql_update('"x.y"', 1), "jsonb_set(item, '{\"x.y\"}', '1')")
        expression, names, wrap = paths.store_update('log[*].on')
        self.assertEqual((expression, names, wrap(5)),
                         ('SET #n0 = list_append(#n0, :v)', {'#n0': 'log'}, [{'on': 5}]))
        self.assertEqual(paths.store_update('gps[1]')[:2], ('SET #n0[1] = :v', {'#n0': 'gps'}))


class GeographyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.areas = Catalog().areas

    def test_known_points(self):
        for place, lon, lat, area in (
                ('Milan', 9.19, 45.46, 'Italy'), ('Chur', 9.53, 46.85, 'Switzerland'),
                ('Maseru', 27.7, -29.5, 'Lesotho'), ('Bloemfontein', 26.21, -29.12, 'South Africa'),
                ('Anadyr side of 180', -175.0, 66.5, 'Russia'), ('Chukotka', 178.0, 67.5, 'Russia'),
                ('Oulu', 25.47, 65.02, 'Finland'), ('South Pole', 0.0, -89.9, 'Antarctica'),
                ('mid Atlantic', -35.0, 30.0, 'unlocated')):
            with self.subTest(place=place):
                self.assertEqual(self.areas.locate(lon, lat), area)

    def test_no_place_lies_in_two_areas(self):
        catalog = Catalog()
        for name, lon, lat in catalog.places:
            self.assertLessEqual(len(self.areas.containing(float(lon), float(lat))), 1, name)

    def test_distance(self):
        self.assertAlmostEqual(distance_km((9.19, 45.46), (12.49, 41.89)), 477, delta=2)
        self.assertEqual(distance_km((1, 2), (1, 2)), 0)

    def test_boundaries_are_all_read(self):
        self.assertEqual(len(self.areas.names), 177)

    def test_no_ring_crosses_the_antimeridian(self):
        for cell in self.areas.cells.values():
            for name, rings in cell:
                for (lon1, lat1), (lon2, lat2) in (leg for r in rings for leg in zip(r, r[1:])):
                    self.assertTrue(abs(lon1 - lon2) <= 180 or lat1 == lat2 == -90, name)


class RouteTest(unittest.TestCase):
    def test_two_opt_shortens_and_visits_all(self):
        dice = random.Random(SEED)
        points = [(dice.uniform(7, 18), dice.uniform(37, 47)) for _ in range(60)]
        order = route.two_opt(points)
        self.assertEqual(order[0], 0)
        self.assertEqual(sorted(order), list(range(60)))
        self.assertLess(tour_km([points[i] for i in order]), tour_km(points) / 2)

    def test_nearest_neighbour_is_recognized(self):
        self.assertTrue(route.is_nearest_neighbour_tour([(0, 0), (1, 0), (2, 0), (4, 0)]))
        self.assertFalse(route.is_nearest_neighbour_tour([(0, 0), (2, 0), (1, 0), (4, 0)]))


if __name__ == '__main__':
    unittest.main()
