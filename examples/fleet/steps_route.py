"""The demo step that plans a route through the due vehicles of one area: in plain SQL, and by pgRouting."""
import route
from geography import distance_km, tour_km
from session import show_table
from steps_query import KIND, due_in

EXTENSIONS = ('postgis', 'pgrouting')

# of so few stops any order may be short
FEW = 6

KM_FUNCTION = """
CREATE FUNCTION pg_temp.km(a point, b point) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT 2 * 6371.0088 * asin(sqrt(least(1, sind((b[1] - a[1]) / 2) ^ 2
         + cosd(a[1]) * cosd(b[1]) * sind((b[0] - a[0]) / 2) ^ 2))) $$"""


def plan_route(session, world, figures):
    """The due vehicles of one area as a round trip from a depot: as listed, by nearest neighbour, by pgRouting."""
    area = world.question_area(KIND)
    due = world.due(area, KIND)
    session.step(f'A short route from a depot through the due {KIND}s of {area}')
    depot = world.depot(area)
    places = {v: world.vehicles[v].truth.position for v in due}
    listed = tour_km([depot] + list(places.values()))
    greedy = nearest_neighbour(session, area, depot, places)
    tour = by_pgrouting(session, area, depot, places)
    if tour is None:
        return
    order = route.two_opt(tour)
    session.ledger.equal('2-opt visits every stop once', sorted(order), list(range(len(tour))))
    short = tour_km([tour[i] for i in order])
    session.ledger.check('pgRouting shortens the tour, and 2-opt does not make it longer', short <= tour_km(tour) + 1e-6 and (
        tour_km(tour) < listed or len(due) < FEW), f'{listed}, {tour_km(tour)}, {short} km')
    show_table(('order', 'km', 'of the first'),
               [(name, km, f'{km / max(listed, 1e-9):.0%}') for name, km in (
                   ('by key', listed), ('nearest neighbour, in SQL', tour_km(greedy)),
                   ('pgRouting', tour_km(tour)), ('pgRouting, then 2-opt', short))])
    figures['route'] = (f'{len(due)} stops in {area}: {listed:,.0f} km by key, {tour_km(greedy):,.0f} by nearest neighbour, '
                        f'{tour_km(tour):,.0f} by pgRouting, {short:,.0f} after 2-opt')


def nearest_neighbour(session, area, depot, places):
    """The tour that goes from each stop to the nearest one left, by one query; checked."""
    session.run(KM_FUNCTION)
    _, rows, _ = session.run(f"""
WITH RECURSIVE due AS MATERIALIZED (
  SELECT s.vehicle_id, s.location {due_in(area)}
), tour AS (
  SELECT 0 AS stop, NULL::text AS vehicle_id, point({depot[0]}, {depot[1]}) AS location,
         0::double precision AS km, ARRAY[]::text[] AS visited
  UNION ALL
  SELECT t.stop + 1, n.vehicle_id, n.location, n.km, t.visited || n.vehicle_id
  FROM tour t CROSS JOIN LATERAL (
    SELECT d.vehicle_id, d.location, pg_temp.km(t.location, d.location) AS km
    FROM due d WHERE d.vehicle_id <> ALL (t.visited) ORDER BY km, d.vehicle_id LIMIT 1) n
)
SELECT stop, vehicle_id, location[0] AS lon, location[1] AS lat, km FROM tour ORDER BY stop""")
    points = check_tour(session, rows, depot, places)
    session.ledger.check('each leg goes to the nearest vehicle left', route.is_nearest_neighbour_tour(points))
    return points


def by_pgrouting(session, area, depot, places):
    """The tour that pgRouting finds, on a map around the depot; checked. None when the server has no pgRouting."""
    there = session.value('SELECT count(*) FROM pg_available_extensions WHERE name = ANY (%s)', (list(EXTENSIONS),))
    if not session.ledger.check('the server has PostGIS and pgRouting', there == len(EXTENSIONS),
                                'install them for it (for Debian\'s: postgresql-15-postgis-3, postgresql-15-pgrouting)'):
        return None
    session.run('CREATE EXTENSION IF NOT EXISTS pgrouting CASCADE')
    session.run(f"""
CREATE TEMPORARY TABLE stops AS
  SELECT 0 AS stop, NULL AS vehicle_id, ST_SetSRID(ST_MakePoint({depot[0]}, {depot[1]}), 4326) AS place
  UNION ALL
  SELECT row_number() OVER (ORDER BY s.vehicle_id), s.vehicle_id, ST_SetSRID(s.location::geometry, 4326)
  {due_in(area)}""")
    _, rows, _ = session.run(f"""
SELECT t.seq - 1 AS stop, s.vehicle_id, ST_X(s.place) AS lon, ST_Y(s.place) AS lat,
       coalesce(ST_Distance(s.place::geography, (lag(s.place) OVER (ORDER BY t.seq))::geography, false) / 1000, 0) AS km
  FROM pgr_TSPeuclidean($q$
         SELECT stop AS id, ST_X(flat) AS x, ST_Y(flat) AS y
           FROM stops, ST_Transform(place, '+proj=aeqd +lon_0={depot[0]} +lat_0={depot[1]}') AS flat $q$, 0) t
       JOIN stops s ON s.stop = t.node
  ORDER BY t.seq""")
    session.ledger.equal('the tour comes back to the depot', rows[-1][2:4], depot)
    points = check_tour(session, rows[:-1], depot, places)
    return points


def check_tour(session, rows, depot, places):
    """Check a tour's (stop, vehicle_id, lon, lat, km) rows: who is visited, where, and how far each is. Its points."""
    show_table(('stop', 'vehicle_id', 'lon', 'lat', 'km'),
               [(*row[:2], *map(str, row[2:4]), row[4]) for row in rows], limit=6)
    stops = [row[1] for row in rows[1:]]
    session.ledger.equal(f'the {len(places)} vehicles of the route', sorted(stops), list(places))
    points = [depot] + [places[key] for key in stops]
    session.ledger.equal('their positions', [tuple(row[2:4]) for row in rows], points)
    legs = [distance_km(a, b) for a, b in zip(points, points[1:])]
    session.ledger.check('leg lengths', all(abs(row[4] - km) < 1e-6 * max(km, 1) for row, km in zip(rows[1:], legs)))
    return points
