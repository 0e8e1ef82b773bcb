"""Geography of the example fleet, written without the extension: it is what the index is checked against.

Areas are found by plain ray casting over the GeoJSON polygons, holes included. Rings are taken as RFC
7946 wants them: one that crossed the antimeridian has been split there.
"""
import json
import math
from pathlib import Path

UNLOCATED = 'unlocated'
EARTH_RADIUS_KM = 6371.0088
CELL = 10


def _inside_ring(lon, lat, ring):
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
        if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


class Areas:
    """The named areas of one GeoJSON file."""

    def __init__(self, path):
        self.text = Path(path).read_text(encoding='utf-8')
        self.cells = {}
        features = json.loads(self.text)['features']
        self.names = [feature['properties']['name'] for feature in features]
        for feature in features:
            geometry = feature['geometry']
            polygons = geometry['coordinates']
            for polygon in polygons if geometry['type'] == 'MultiPolygon' else [polygons]:
                self._register(feature['properties']['name'], polygon)

    def _register(self, name, rings):
        lons, lats = [p[0] for p in rings[0]], [p[1] for p in rings[0]]
        for x in range(math.floor(min(lons) / CELL), math.floor(max(lons) / CELL) + 1):
            for y in range(math.floor(min(lats) / CELL), math.floor(max(lats) / CELL) + 1):
                self.cells.setdefault((x, y), []).append((name, rings))

    def containing(self, lon, lat):
        """Every area that contains the point, for judging how unambiguous the boundaries are."""
        cell = self.cells.get((math.floor(lon / CELL), math.floor(lat / CELL)), ())
        return {name for name, rings in cell if _inside_ring(lon, lat, rings[0])
                and not any(_inside_ring(lon, lat, hole) for hole in rings[1:])}

    def locate(self, lon, lat):
        """The area that contains the point, or 'unlocated'."""
        return min(self.containing(lon, lat), default=UNLOCATED)


def distance_km(a, b):
    """Great-circle distance of two (lon, lat) points."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    h = (math.sin((lat2 - lat1) / 2) ** 2
         + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2)
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def tour_km(points):
    """Length of the closed tour through the points in the order given."""
    return sum(distance_km(a, b) for a, b in zip(points, points[1:] + points[:1]))
