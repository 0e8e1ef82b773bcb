"""The demo's own account of the fleet: what it wrote, and what must therefore be true."""
import datetime
from collections import Counter

import makers
import paths
from fleet import AS_OF, Fleet
from geography import UNLOCATED, distance_km
from schema import SERVICE_INTERVALS


def service_is_due(kind, last_service):
    """Whether a vehicle's service is due on the day of the demo; never, without a usable date."""
    return (last_service is not None
            and last_service + datetime.timedelta(days=SERVICE_INTERVALS[kind]) < AS_OF)


class World:
    """All vehicles by key with their current documents and truth; every change is applied here too."""

    def __init__(self, seed, size):
        self.seed, self.size = seed, size
        self.fleet = Fleet(seed)
        self.vehicles = {v.vehicle_id: v for v in self.fleet.vehicles(size)}

    def is_due(self, truth):
        """Whether a vehicle's service is due on the day of the demo."""
        return service_is_due(truth.kind, truth.last_service)

    def due(self, area, kind):
        """Keys of the due vehicles of one kind in one area, in key order."""
        return [key for key, v in self.vehicles.items()
                if (v.truth.area, v.truth.kind) == (area, kind) and self.is_due(v.truth)]

    def question_area(self, kind='truck', preferred='Italy', wanted=8):
        """An area with enough due vehicles of the kind to ask about: the preferred one, else the fullest."""
        counts = Counter(v.truth.area for v in self.vehicles.values()
                         if v.truth.kind == kind and v.truth.area != 'unlocated' and self.is_due(v.truth))
        return preferred if counts[preferred] >= wanted or not counts else counts.most_common(1)[0][0]

    def depot(self, area):
        """A depot of an area: the place in it that comes first by name, as (lon, lat)."""
        places = ((name, float(lon), float(lat)) for name, lon, lat in self.fleet.catalog.places)
        return min(p for p in places if self.fleet.catalog.areas.locate(*p[1:]) == area)[1:]

    def place_across_the_border(self, position, area):
        """The nearest place that lies in another area: (name, area, lon, lat), numbers as Decimals."""
        areas = self.fleet.catalog.areas
        by_distance = sorted(self.fleet.catalog.places,
                             key=lambda p: distance_km(position, (float(p[1]), float(p[2]))))
        for name, lon, lat in by_distance:
            there = areas.locate(float(lon), float(lat))
            if there not in (area, UNLOCATED):
                return name, there, lon, lat
        raise LookupError('there is one area only')

    def pick(self, wanted, otherwise=None):
        """The first vehicle whose truth satisfies `wanted`, else `otherwise`."""
        for condition in filter(None, (wanted, otherwise)):
            for vehicle in self.vehicles.values():
                if condition(vehicle.truth):
                    return vehicle
        raise LookupError('no vehicle of the fleet fits; use a larger FLEET_SIZE')

    def record_service(self, vehicle, day):
        """A service done on `day`, later than any before. Returns (path, value) as the maker writes it."""
        style = vehicle.truth.style
        written = makers.write_date(style, day, 12 * 3600)
        paths.put(vehicle.document, style.service, written)
        vehicle.truth.last_service = day
        return style.service, written

    def record_odometer(self, vehicle, tenths):
        """A new odometer reading. Returns (path, value) as the maker writes it."""
        style = vehicle.truth.style
        written, km = makers.write_odometer(style, tenths)
        paths.put(vehicle.document, style.odometer, written)
        vehicle.truth.odometer_km = km
        vehicle.truth.spoilt.pop('odometer_km', None)
        return style.odometer, written

    def record_position(self, vehicle, lon, lat):
        """A new position (Decimals). Returns the (path, value) pairs as the maker writes them."""
        pairs = makers.write_position(vehicle.truth.style, vehicle.document, lon, lat)
        vehicle.truth.spoilt.pop('area', None)
        self.fleet.place_truth(vehicle.truth, lon, lat)
        return pairs
