#!/usr/bin/env python3
"""Makes locations.tsv: positions in the shapes and spellings that documents have.

    test/corpus/make_locations.py > test/corpus/locations.tsv

The grammars are those of RFC 7946 (GeoJSON), RFC 5870 (geo URIs), ISO 6709 annex H and WKT; geohashes
are halved here with fractions, as their inventor describes. What a spelling means is worked out with
fractions too, and rounded once, to the nearest double. What is refused on purpose is said by rule: a
list without an order, O (east in German, west in Italian), x and y (which may be metres), a sign
beside a letter, and 0, 0.
"""
import json
from fractions import Fraction

# degrees, minutes, seconds; a minus sign goes for all of it
PLACES = (
    ('45 4 12', '7 41 24'), ('-33 51 35.9', '151 12 40'), ('40 26 46.302', '-79 58 55.903'), ('-90 0 0', '0 0 30'),
    ('0 0 1', '-0 0 1'), ('90 0 0', '180 0 0'), ('-0 30 0', '-180 0 0'), ('59 59 59.999999', '9 5 0.5'),
)
NAMES = (
    ('lat', 'lon'), ('lat', 'lng'), ('Lat', 'Long'), ('latitude', 'longitude'), ('LATITUDE', 'Longitude'),
    ('latitud', 'longitud'), ('latitudine', 'longitudine'), ('breite', 'länge'), ('Breite', 'laenge'),
    ('breitengrad', 'längengrad'), ('lat', 'laengengrad'),
)
HOLDERS = ('location', 'position', 'coords', 'coordinates', 'coordinate', 'geo', 'gps', 'point', 'geometry', 'latlng', 'LatLng', 'latLon')


def parts(text):
    degrees, minutes, seconds = text.lstrip('-').split()
    return text.startswith('-'), degrees, minutes, seconds


def exact(text):
    negative, degrees, minutes, seconds = parts(text)
    value = Fraction(degrees) + Fraction(minutes) / 60 + Fraction(seconds) / 3600
    return -value if negative else value


def pair(lat, lon):
    """What is expected of two numbers, floats or fractions."""
    lat, lon = float(lat), float(lon)
    if not -90 <= lat <= 90:
        return '!latitude out of range'
    if not -180 <= lon <= 180:
        return '!longitude out of range'
    if lat == 0 and lon == 0:
        return '!latitude and longitude are both 0'
    return f'={lat!r},{lon!r}'


def line(value, expected):
    print(json.dumps(value, ensure_ascii=False), expected, sep='\t')


def declare(**declaration):
    print('@location', json.dumps(declaration))


def decimals(value, digits):
    """Rounded to digits, as text, and what that text is."""
    scaled = round(value * 10 ** digits)
    text = f'{abs(scaled):0{digits + 1}d}'
    text = ('-' if scaled < 0 else '') + (text[:-digits] + '.' + text[-digits:] if digits else text)
    return text, Fraction(scaled, 10 ** digits)


def letter(text, letters):
    return letters[parts(text)[0]]


def sexagesimal(text, letters, form):
    _, degrees, minutes, seconds = parts(text)
    return form.format(d=degrees, m=minutes, s=seconds, mm=f'{int(minutes):02d}', h=letter(text, letters))


# ---- strings ---------------------------------------------------------------------------------

def plain_strings():
    for lat, lon in PLACES:
        (a, x), (b, y) = decimals(exact(lat), 6), decimals(exact(lon), 6)
        for form in ('{},{}', '{}, {}', ' {} ; {} ', '{} {}', '{}\t{}', '{} , {}'):
            line(form.format(a, b), pair(x, y))
    for a, b in (('45', '9'), ('+45.0', '+9'), ('4.5e1', '9E0'), ('45.000000000000000000', '9'), ('-0', '9'), ('0', '-9'),
                 ('90', '-180'), ('-90', '180'), ('90.0000001', '9'), ('45', '180.0000001'), ('1e3', '9'), ('45', '-1e9'),
                 ('0', '0'), ('-0.0', '0e9'), ('0.000001', '0'), ('45.07', '007.69'), ('12.345678901234567', '0.1')):
        line(f'{a},{b}', pair(Fraction(a), Fraction(b)))
    for text in ('here', '45', '45.07', '45,', ',7', '45.07,north', '45.07,7.69,250', '45.07|7.69', '(45.07, 7.69)', '[45.07,7.69]',
                 '45,07, 7,69', '45.07-7.69', 'NaN,5', '5,NaN', 'inf,5', '45.07,Infinity', '0x2d,7', '45..07,7', '45.,7', '.5,7',
                 '45 07 7 41', 'lat 45 lon 7', '45.07,,7.69', '1 234,5', '\u221245,7', '45\u00a0', '12:30', '2024-03-12'):
        line(text, '!not a location')
    for text in ('', ' ', '\t\n', '\u00a0'):
        line(text, '-')


def lettered_strings():
    degree_forms = ('{d}°{m}\'{s}"{h}', '{d}° {m}′ {s}″ {h}', '{d}º{mm}\'{s}\'\'{h}', '{h}{d}°{m}’{s}”', '{h} {d}° {m}\' {s}"',
                    '{d} {m} {s} {h}', '{d}:{mm}:{s}{h}', '{h} {d} {m} {s}')
    for lat, lon in PLACES:
        for form in degree_forms:
            a, b = sexagesimal(lat, 'NS', form), sexagesimal(lon, 'EW', form)
            line(f'{a}, {b}', pair(exact(lat), exact(lon)))
        a, b = sexagesimal(lat, 'NS', degree_forms[0]), sexagesimal(lon, 'EW', degree_forms[0])
        line(f'{a} {b}', pair(exact(lat), exact(lon)))
        line(f'{b} {a}', pair(exact(lat), exact(lon)))      # letters say which is which
        line(f'{a}{b}'.lower(), pair(exact(lat), exact(lon)))
    for text, lat, lon in (('45.07N 7.69E', '45.07', '7.69'), ('N45.07 W7.69', '45.07', '-7.69'), ('45.07 S, 7.69 W', '-45.07', '-7.69'),
                           ('45.07° N, 7.69° E', '45.07', '7.69'), ('45.07°,7.69°', '45.07', '7.69'), ('-45.07° 7.69°', '-45.07', '7.69'),
                           ('7.69E,45.07N', '45.07', '7.69'), ('w7.69;n45.07', '45.07', '-7.69'), ('45.07N7.69E', '45.07', '7.69')):
        line(text, pair(Fraction(lat), Fraction(lon)))
    minutes = ('45°04.2\'N 7°41.4\'E', '45 04.2 N 7 41.4 E', 'N45 04.2, E7 41.4', '45:04.2N,7:41.4E', '45°04.2N 7°41.4E', '45°04.2\' 7°41.4\'')
    for text in minutes:
        line(text, pair(45 + Fraction('4.2') / 60, 7 + Fraction('41.4') / 60))
    for text, why in (('45N 46N', 'two latitudes'), ('7E 8W', 'two longitudes'), ('45N 7', 'a hemisphere of only one coordinate'),
                      ('7.69 N45.07', 'a hemisphere of only one coordinate'), ('-45N 7E', 'a sign and a hemisphere'),
                      ('N-45 E7', 'a sign and a hemisphere'), ('45°60\'N 7°E', 'minutes or seconds out of range'),
                      ('45°1\'60"N 7°E', 'minutes or seconds out of range'), ('91°N 7°E', 'latitude out of range'),
                      ('45°N 180°0\'1"E', 'longitude out of range'), ('45.07N 7.69O', 'not a location'), ('45.5°30\'N 7°E', 'not a location'),
                      ('45°30.5\'10"N 7°E', 'not a location'), ('45 04 12, 7 41 24', 'not a location'), ('45:04:12, 7:41:24', 'not a location'),
                      ('45°04\'12', 'not a location'), ('45N', 'not a location'), ('45NE 7', 'not a location'), ('0°N 0°W', 'latitude and longitude are both 0')):
        line(text, '!' + why)


def iso_6709():
    for lat, lon in PLACES:
        for digits in (0, 3):
            written = []
            values = []
            for text, width in ((lat, 2), (lon, 3)):
                negative, degrees, minutes, seconds = parts(text)
                whole, _, fraction = seconds.partition('.')
                sign = '-' if negative else '+'
                seconds, value = decimals(Fraction(seconds), digits)
                whole, _, fraction = seconds.partition('.')
                if whole == '60':
                    break
                written.append(f'{sign}{int(degrees):0{width}d}{int(minutes):02d}{int(whole):02d}' + ('.' + fraction if fraction else ''))
                value = Fraction(degrees) + Fraction(minutes) / 60 + value / 3600
                values.append(-value if negative else value)
            if len(values) == 2:
                line(''.join(written) + '/', pair(*values))
    # annex H and the like
    for text, lat, lon in (('+40-075/', 40, -75), ('+40.20361-075.00417/', Fraction('40.20361'), Fraction('-75.00417')),
                           ('+4012-07500/', 40 + Fraction(12, 60), -75), ('+401213-0750015/', Fraction(144733, 3600), -Fraction(270015, 3600)),
                           ('+401213.1-0750015.1/', Fraction('144733.1') / 3600, -Fraction('270015.1') / 3600),
                           ('+4012.22-07500.25/', 40 + Fraction('12.22') / 60, -75 - Fraction('0.25') / 60),
                           ('+40-075+350/', 40, -75), ('+27.5916+086.5640+8850CRSWGS_84/', Fraction('27.5916'), Fraction('86.5640')),
                           ('+40.20361-075.00417-67.5CRSWGS_84/', Fraction('40.20361'), Fraction('-75.00417')), ('-90+000/', -90, 0),
                           ('+00-025/', 0, -25), ('+46+002/', 46, 2), ('+48.52+002.20/', Fraction('48.52'), Fraction('2.2')),
                           ('+91+000/', 91, 0), ('+00+181/', 0, 181), ('+00+000/', 0, 0)):
        line(text, pair(lat, lon))
    for text in ('+40-075', '+40-75/', '+4-075/', '+40/', '40-075/', '+401-0750/', '+40121314-075/', '+40-075x/', '+40-075//', '+40.-075/', '/', '+40 -075/'):
        line(text, '!not a location')
    line('+4060-075/', '!minutes or seconds out of range')
    line('+40-075CRSEPSG_4258/', '!not in WGS 84')


def geo_uris():
    for text, lat, lon in (('geo:13.4125,103.8667', '13.4125', '103.8667'), ('geo:48.2010,16.3695,183', '48.2010', '16.3695'),
                           ('geo:48.198634,16.371648;crs=wgs84;u=40', '48.198634', '16.371648'), ('GEO:90,-22.43;CRS=WGS84', '90', '-22.43'),
                           ('geo:66,30;u=6.500;FOo=this%2dthat', '66', '30'), ('geo:70,20;foo=1.00;bar', '70', '20'), ('geo:-91,5', '-91', '5'),
                           ('geo:5,-180.5', '5', '-180.5'), ('geo:0,0', '0', '0'), ('geo:45,7,-12.5', '45', '7')):
        line(text, pair(Fraction(lat), Fraction(lon)))
    for text in ('geo:45.07', 'geo:+45,7', 'geo:45,7,', 'geo:45, 7', 'geo:45,7;u=-1', 'geo:45,7;u=', 'geo:45,7;u=5;crs=wgs84', 'geo:45,7;',
                 'geo:45,7?q=here', 'geo:4e1,7', 'geo:', 'geo:45,7;=x', 'geo:45,7,8,9'):
        line(text, '!not a location')
    line('geo:323482,4306480;crs=EPSG:32618;u=20', '!not in WGS 84')


def well_known_text():
    for text, lat, lon in (('POINT(7.69 45.07)', '45.07', '7.69'), ('POINT (7.69 45.07)', '45.07', '7.69'), ('point( -7.69  -45.07 )', '-45.07', '-7.69'),
                           ('POINT Z (7.69 45.07 250)', '45.07', '7.69'), ('POINTZ(7.69 45.07 250)', '45.07', '7.69'), ('POINT M (7.69 45.07 1)', '45.07', '7.69'),
                           ('POINT ZM (7.69 45.07 250 1)', '45.07', '7.69'), ('POINT(7.69 45.07 250)', '45.07', '7.69'), ('POINT(7.69e0 4.507E+1)', '45.07', '7.69'),
                           ('SRID=4326;POINT(7.69 45.07)', '45.07', '7.69'), ('srid=4326; POINT(7.69 45.07)', '45.07', '7.69'), ('POINT(45.07 97.69)', '97.69', '45.07'),
                           ('POINT(0 0)', '0', '0'), ('POINT(200 5)', '5', '200')):
        line(text, pair(Fraction(lat), Fraction(lon)))
    for text in ('POINT(7.69,45.07)', 'POINT(7.69)', 'POINT 7.69 45.07', 'POINT(7.69 45.07', 'POINT(7.69 45.07) x', 'POINT Z (7.69 45.07)', 'POINT ZM (1 2 3)',
                 'POINTLESS', 'POINT(1 2 3 4 5)', 'MULTIPOINT((7.69 45.07))'):
        line(text, '!not a location')
    line('SRID=3857;POINT(7.69 45.07)', '!not in WGS 84')
    line('POINT EMPTY', '!an empty point')


# ---- objects and lists -----------------------------------------------------------------------

def objects():
    for lat, lon in NAMES:
        line({lat: 45.07, lon: 7.69}, pair(45.07, 7.69))
        line({'name': 'x', lon: '7.69', lat: ' 45.07 '}, pair(45.07, 7.69))
    line({'lat': '45°04\'12"N', 'lon': '7°41\'24"E'}, pair(exact('45 4 12'), exact('7 41 24')))
    line({'lat': '33.5 S', 'lon': '70.5W'}, pair(-33.5, -70.5))
    line({'lat': -33.5, 'lon': 151, 'alt': 12, 'accuracy': 5}, pair(-33.5, 151))
    for holder in HOLDERS:
        line({holder: {'lat': 45.07, 'lon': 7.69}, 'id': 5}, pair(45.07, 7.69))
    line({'position': '45.07,7.69'}, pair(45.07, 7.69))
    line({'location': {'geo': {'coords': {'lat': 1, 'lng': 2}}}}, pair(1, 2))
    line({'location': {'geo': {'coords': {'gps': {'lat': 1, 'lng': 2}}}}}, '!not a location')
    line({'lat': None, 'lon': '', 'location': {'lat': 45.07, 'lon': 7.69}}, pair(45.07, 7.69))
    for value in ({'lat': None, 'lon': None}, {'lat': ''}, {'location': None}, {'gps': ' '}, {'location': {'lat': None}}, None):
        line(value, '-')
    for value, why in (({'lat': 45.07}, 'latitude without longitude'), ({'lon': 7}, 'longitude without latitude'), ({'lat': 45, 'lon': None}, 'latitude without longitude'),
                       ({'lat': 'north', 'lon': 7}, 'latitude is not a number'), ({'lat': 45, 'lon': True}, 'longitude is not a number'),
                       ({'lat': [45], 'lon': 7}, 'latitude is not a number'), ({'lat': 'NaN', 'lon': 7}, 'latitude is not a number'), ({'lat': '45 7', 'lon': 7}, 'latitude is not a number'),
                       ({'lat': 91, 'lon': 7}, 'latitude out of range'), ({'lat': 45, 'lon': -181}, 'longitude out of range'), ({'lat': 0, 'lon': 0.0}, 'latitude and longitude are both 0'),
                       ({'lat': '7E', 'lon': 7}, 'two longitudes'), ({'lat': 7, 'lon': '7N'}, 'two latitudes'), ({'lat': '-7S', 'lon': 7}, 'a sign and a hemisphere'),
                       ({'lat': 1, 'latitude': 2, 'lon': 3}, 'several latitudes'), ({'lat': 1, 'lon': 3, 'lng': 3}, 'several longitudes'),
                       ({'gps': '1,2', 'location': '3,4'}, 'several locations'), ({'x': 7.69, 'y': 45.07}, 'not a location'), ({}, 'not a location'), ({'city': 'Torino'}, 'not a location'),
                       (7, 'not a location'), (True, 'not a location'), ([7.69, 45.07], 'a list, of which no order is declared'), (['45.07', '7.69'], 'a list, of which no order is declared')):
        line(value, '!' + why)
    line([], '-')


def geojson():
    def point(*coordinates):
        return {'type': 'Point', 'coordinates': list(coordinates)}

    line(point(7.69, 45.07), pair(45.07, 7.69))
    line(point(7.69, 45.07, 250), pair(45.07, 7.69))
    line({'coordinates': [-170.5, -14.25], 'type': 'Point', 'bbox': [1, 2, 3, 4]}, pair(-14.25, -170.5))
    line({'type': 'Feature', 'geometry': point(7.69, 45.07), 'properties': {'lat': 1}}, pair(45.07, 7.69))
    line({'type': 'Feature', 'geometry': None, 'properties': {}}, '-')
    line({'location': point(7.69, 45.07)}, pair(45.07, 7.69))
    line(point(45.07, 107.69), pair(107.69, 45.07))
    line(point(0, 0), pair(0, 0))
    for value in (point(7.69), point(), {'type': 'LineString', 'coordinates': [[1, 2], [3, 4]]}, {'type': 'point', 'coordinates': [7.69, 45.07]},
                  {'type': 'MultiPoint', 'coordinates': [[7.69, 45.07]]}, {'coordinates': [7.69, 45.07]}, {'type': 'Point', 'coordinates': '7.69,45.07'},
                  {'type': 'Feature', 'geometry': {'type': 'Polygon', 'coordinates': []}}):
        line(value, '!not a GeoJSON Point')
    line(point('a', 45.07), '!longitude is not a number')
    line({'type': 'Topology'}, '!not a location')


def ordered(order):
    lat_first = order == 'lat_lon'
    declare(order=order)
    for first, second in ((45.07, 7.69), (-12.5, 60), (7, 45), (1, 0), (0, 0), (100.5, 7), (7, 100.5), (5, 200)):
        lat, lon = (first, second) if lat_first else (second, first)
        line([first, second], pair(lat, lon))
        line([str(first), second, 250], pair(lat, lon))
        line(f'{first},{second}', pair(lat, lon))
        line(f'{first}; {second} 250.5', pair(lat, lon))
        line({'coordinates': [first, second]}, pair(lat, lon))
        line({'type': 'Point', 'coordinates': [first, second]}, pair(second, first))     # RFC 7946 says which
    line('7.69E 45.07N', pair(45.07, 7.69))
    line({'lon': 7.69, 'lat': 45.07}, pair(45.07, 7.69))
    line('geo:45.07,7.69', pair(45.07, 7.69))
    line('POINT(7.69 45.07)', pair(45.07, 7.69))
    for value in ([7.69], [1, 2, 3, 4], [1, 2, 'm'], '1,2,3,4'):
        line(value, '!not a location')
    line([], '-')
    line([None, 5], '!longitude without latitude' if lat_first else '!latitude without longitude')


# ---- geohashes -------------------------------------------------------------------------------

ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'


def geohash_centre(text):
    intervals = [[Fraction(-180), Fraction(180)], [Fraction(-90), Fraction(90)]]
    bits = ''.join(f'{ALPHABET.index(c):05b}' for c in text)
    for i, bit in enumerate(bits):
        interval = intervals[i % 2]
        interval[bit == '0'] = sum(interval) / 2
    return sum(intervals[1]) / 2, sum(intervals[0]) / 2


def geohashes():
    declare(format='geohash')
    for text in ('ezs42', 'u4pruydqqvj', 'u0j2w', '9q8yy', '9q8yyk8ytpxr', 's', '0', 'z', '000000000000', 'zzzzzzzzzzzz', 's00000000000', '7zzzzzzzzzzz',
                 'gbsuv', 'w21z7', '6gkzwgjzn820', '123456789', 'bcd', '45e'):
        line(text, pair(*geohash_centre(text)))
    line(' U4PRUYDQQVJ ', pair(*geohash_centre('u4pruydqqvj')))
    line('45n7e', pair(*geohash_centre('45n7e')))          # all of it is a geohash's alphabet
    line('45.07,7.69', pair(45.07, 7.69))
    line('45.0N7.0E', pair(45, 7))
    line({'lat': 45.07, 'lon': 7.69}, pair(45.07, 7.69))
    line({'gps': 'ezs42'}, pair(*geohash_centre('ezs42')))
    for text in ('ezs4a', 'ezs4i', 'loo', 'ezs-42', '#ezs42'):
        line(text, '!not a location')
    line('u4pruydqqvju4', '!geohash of more than 12 characters')
    line(45, '!not a location')
    declare()
    line('ezs42', '!not a location')


print('# made by make_locations.py')
declare()
plain_strings()
lettered_strings()
iso_6709()
geo_uris()
well_known_text()
objects()
geojson()
ordered('lat_lon')
ordered('lon_lat')
geohashes()
