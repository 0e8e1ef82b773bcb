"""Geography of the example fleet, written without the extension: it is what the index is checked against.

Areas are found by plain ray casting over the GeoJSON polygons, holes included. A ring that crosses
the antimeridian (Russia, Fiji) is unrolled, so that an edge from 179.9 to -180 spans a tenth of a
degree and not the whole world.
"""
import json
import math
from pathlib import Path

UNLOCATED = 'unlocated'
EARTH_RADIUS_KM = 6371.0088
CELL = 10


def _unroll(ring):
    """The ring with continuous longitudes; a ring around a pole can't be unrolled and stays as it is."""
    out, shift = [tuple(ring[0])], 0.0
    for (before, _), (lon, lat) in zip(ring, ring[1:]):
        if lon - before > 180:
            shift -= 360
        elif lon - before < -180:
            shift += 360
        out.append((lon + shift, lat))
    return out if out[0] == out[-1] else [tuple(p) for p in ring]


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
                rings = [_unroll(ring) for ring in polygon]
                self._register(feature['properties']['name'], rings)

    def _register(self, name, rings):
        lons, lats = [p[0] for p in rings[0]], [p[1] for p in rings[0]]
        for x in range(math.floor(min(lons) / CELL), math.floor(max(lons) / CELL) + 1):
            for y in range(math.floor(min(lats) / CELL), math.floor(max(lats) / CELL) + 1):
                self.cells.setdefault((x, y), []).append((name, rings))

    def containing(self, lon, lat):
        """Every area that contains the point, for judging how unambiguous the boundaries are."""
        found = set()
        for x in (lon, lon - 360, lon + 360):
            for name, rings in self.cells.get((math.floor(x / CELL), math.floor(lat / CELL)), ()):
                if _inside_ring(x, lat, rings[0]) and not any(_inside_ring(x, lat, r) for r in rings[1:]):
                    found.add(name)
        return found

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
