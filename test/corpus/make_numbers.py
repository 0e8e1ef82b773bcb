#!/usr/bin/env python3
"""Makes numbers.tsv: numbers as people write them, with units and currencies.

    /usr/bin/python3 test/corpus/make_numbers.py > test/corpus/numbers.tsv        (Debian: python3-babel)

How each locale writes numbers and prices, and what it calls units and currencies, is CLDR's (Babel);
values are computed by decimal and fractions from the definitions of the units below. Without a locale
the expected result is what all ways of reading a text agree on: none, one, or more than one value.
"""
import datetime
import itertools
import json
import random
import re
import unicodedata
from decimal import Decimal, getcontext
from fractions import Fraction

from babel import Locale, core, numbers

getcontext().prec = 200
DICE = random.Random('numbers')

NOT_A_NUMBER = '!not a number'
OUT_OF_RANGE = '!number out of range'
AMBIGUOUS = "!ambiguous: thousands or decimals; declare the field's locale"
MISPLACED = '!misplaced separators'
OTHER_LOCALE = "!not written as in the field's locale"
RANGE = '!a range, not one number'
APPROXIMATE = '!an approximate number'
MINUS_BEHIND = '!a minus sign behind the number'
OTHER_DIGITS = '!digits other than 0 to 9'
UNDECLARED = '!a unit, but the field declares none'
UNKNOWN = '!unknown unit'
OTHER_QUANTITY = '!a unit of another quantity'
OTHER_CURRENCY = '!another currency'


# ---- results ----------------------------------------------------------------------------------

def terminates(fraction):
    rest = fraction.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def canonical(number):
    """A number as a numeric field has it: exact if it ends within 38 digits, else rounded half up."""
    fraction = Fraction(number)
    text = None
    if terminates(fraction):
        text = format(Decimal(fraction.numerator) / Decimal(fraction.denominator), 'f')
    if text is None or len(text.replace('.', '').replace('-', '').strip('0')) > 38:
        scaled = abs(fraction) * 10 ** 12
        rounded = Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator))
        text = format((rounded if fraction > 0 else -rounded).scaleb(-12), 'f')
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    return '=' + ('0' if text in ('-0', '') else text)


class Corpus:
    """The lines; a declaration is written when it changes, a case once."""

    def __init__(self):
        self.declared, self.seen = None, set()

    def title(self, text):
        print('#', text)

    def declare(self, **keys):
        line = '@ ' + json.dumps({'type': 'numeric', **keys}, ensure_ascii=False)
        if line != self.declared:
            self.declared = line
            print(line)

    def case(self, raw, expected):
        raw = raw if isinstance(raw, Number) else json.dumps(raw)
        if (self.declared, raw) not in self.seen:
            self.seen.add((self.declared, raw))
            print(raw, expected, sep='\t')


class Number(str):
    """A JSON number as it is written."""


# ---- what a text can mean ---------------------------------------------------------------------

SPACES = ' \u00a0\u2007\u2009\u202f'
APOSTROPHES = "'\u2019"


def readings(text, decimals, groups, lakh=False):
    """The values a text has under one convention; groups are separators, each alone or with none."""
    found = set()
    match = re.fullmatch(rf'\d*(?:[{re.escape(decimals)}]\d+)?(?:[eE][+-]?\d+)?', text)
    if match and re.search(r'^\W*\d', text):
        found.add(Fraction(Decimal(re.sub(f'[{re.escape(decimals)}]', '.', text))))
    for group in groups:
        sizes = r'{3}', r'{2}'
        for size in sizes[:1 + lakh]:
            first = r'[1-9]\d{0,2}' if size == '{3}' else r'[1-9]\d?'
            middle = rf'(?:[{group}]\d{size})*[{group}]\d{{3}}'
            match = re.fullmatch(rf'({first}{middle})(?:[{re.escape(decimals)}](\d+))?', text)
            if match:
                whole = re.sub(f'[{group}]', '', match[1])
                found.add(Fraction(Decimal(f'{whole}.{match[2] or 0}')))
    return found


def by_shape(text):
    found = readings(text, '.', (',', SPACES, APOSTROPHES)) | readings(text, ',', (r'\.', SPACES, APOSTROPHES))
    if len(found) > 1:
        return AMBIGUOUS
    return canonical(found.pop()) if found else MISPLACED


def by_locale(text, decimals, group, lakh=False):
    groups = {SPACES, APOSTROPHES}
    if group in ',.':
        groups.add(re.escape(group))
    found = readings(text, decimals, groups, lakh)
    assert len(found) <= 1, text
    return canonical(found.pop()) if found else OTHER_LOCALE


def shapes():
    """Texts of digits and separators, good and bad."""
    separators = (',', '.', ' ', "'", '\u2019', '\u00a0', '\u202f')
    runs = ('1', '12', '123', '1234', '0', '05', '000', '12345')
    for run in runs:
        yield run
    for first, separator, second in itertools.product(runs[:6], separators[:4], runs):
        if not (separator == "'" and len(second) != 3):         # then it is feet
            yield first + separator + second
    for _ in range(220):
        count = DICE.choice((2, 2, 3))
        separator = DICE.choice(separators)
        text = DICE.choice(('1', '12', '123', '1', '0', '1234'))
        for place in range(count):
            if place == count - 1 and DICE.random() < 0.6:
                separator = DICE.choice((',', '.'))
            if separator in APOSTROPHES:
                text += separator + DICE.choice(('345', '000'))
            else:
                text += separator + DICE.choice(('345', '678', '000', '45', '6', '1234'))
        yield text
    for text in ('1.5e3', '1,5e3', '1.234e3', '12E-2', '1e+5', '1.234.567e2'):
        yield text


LOCALES = (
    'en', 'en-US', 'en-GB', 'en-CA', 'en-AU', 'en-ZA', 'en-IN', 'hi', 'de', 'de-AT', 'de-CH', 'de-LI', 'it', 'it-CH',
    'es', 'es-MX', 'es-AR', 'es-419', 'fr', 'fr-CA', 'fr-CH', 'fr-LU', 'pt', 'pt-BR', 'pt-PT', 'nl', 'nl-BE', 'sv', 'no',
    'nb', 'nn', 'da', 'fi', 'is', 'pl', 'cs', 'sk', 'sl', 'hr', 'hu', 'ro', 'bg', 'el', 'et', 'lv', 'lt', 'ru', 'uk', 'tr',
    'ca', 'ja', 'ja-JP', 'zh', 'zh-TW', 'ko', 'th', 'id', 'ms', 'vi', 'ga', 'mt',
)
VALUES = tuple(map(Decimal, ('1234567.891', '-9876.5', '0.5', '1234', '-0.125', '87654321')))


def symbols(name):
    locale = Locale.parse(name, sep='-')
    found = locale.number_symbols
    found = found.get('latn', found)
    return locale, found['decimal'], found['group']


def locales(corpus):
    foreign = ('1,234.5', '1.234,5', '1 234,5', '1 234.5', "1'234.5", '1,23,456', '12,34,567.5', '1.5', '1,5', '1,234',
               '1.234', '12 34', '1,234,56', '1.234.56')
    for name in LOCALES:
        locale, decimal, group = symbols(name)
        lakh = '#,##,##' in locale.decimal_formats[None].pattern
        corpus.declare(locale=name)
        for value in VALUES:
            corpus.case(numbers.format_decimal(value, locale=locale), canonical(value))
        decimals = ',.' if name == 'fr-CH' else decimal         # CLDR: amounts of money have a point there
        for text in foreign:
            corpus.case(text, by_locale(text, decimals, group, lakh))


# ---- currencies -------------------------------------------------------------------------------

def currencies(corpus):
    corpus.title('prices, as CLDR writes them')
    for name in ('en', 'en-CA', 'en-AU', 'en-IN', 'de', 'de-AT', 'de-CH', 'it', 'it-CH', 'es', 'es-MX', 'fr', 'fr-CH', 'fr-CA',
                 'pt', 'pt-PT', 'nl', 'sv', 'nb', 'fi', 'pl', 'cs', 'da', 'ja', 'zh'):
        locale, _, _ = symbols(name)
        for code in 'EUR USD GBP CHF JPY CNY CAD AUD SEK NOK DKK PLN CZK INR BRL'.split():
            corpus.declare(unit=code, locale=name)
            digits = numbers.get_currency_precision(code)
            value = Decimal('-1234567.5' if DICE.random() < 0.4 else '4321.25').quantize(Decimal(1).scaleb(-digits))
            corpus.case(numbers.format_currency(value, code, locale=locale), canonical(value))
            corpus.case(numbers.format_currency(value, code, '\u00a4\u00a4 #,##0.00', locale=locale), canonical(value))
            if code in ('EUR', 'USD', 'JPY'):
                value = -abs(value)
                corpus.case(numbers.format_currency(value, code, locale=locale, format_type='accounting'), canonical(value))
    corpus.title('the codes of all currencies that are some territory\'s now')
    today = datetime.date(2026, 1, 1)
    codes = {code for territory in core.get_global('territory_currencies')
             for code in numbers.get_territory_currencies(territory, today, today)}
    corpus.declare(unit='XAU')
    for code in sorted(codes):
        corpus.case(f'{code} 12', OTHER_CURRENCY)
        corpus.case(f'5 {code.lower()}', OTHER_CURRENCY)
    for code in sorted(codes):
        corpus.declare(unit=code)
        corpus.case(f'12,50 {code}', '=12.5')
        corpus.case(f'{code}1.234.567', '=1234567')
    corpus.title('a symbol of several currencies is the declared one\'s')
    for symbol, own in (('$', 'USD CAD AUD NZD SGD HKD MXN ARS CLP'), ('\u00a5', 'JPY CNY'), ('\u00a3', 'GBP'),
                        ('kr', 'SEK NOK DKK ISK'), ('\u20ac', 'EUR')):
        for code in 'USD CAD AUD NZD SGD HKD MXN ARS CLP JPY CNY GBP SEK NOK DKK ISK EUR CHF'.split():
            corpus.declare(unit=code)
            expected = '=7.5' if code in own.split() else OTHER_CURRENCY
            corpus.case(f'{symbol}7.50', expected)
            corpus.case(f'7,50 {symbol}', expected)
    corpus.title('signs and dashes')
    corpus.declare(unit='CHF')
    for text, value in (("CHF 1'200.\u2013", 1200), ("CHF 1\u2019200.-", 1200), ('5.-- CHF', 5), ('Fr. 12.50', '12.5'), ('Fr.12', 12),
                        ('-CHF 5', -5), ('CHF -5', -5), ('CHF-5', -5), ('(CHF 5)', -5), ('\u22125 CHF', -5), ('+5 CHF', 5)):
        corpus.case(text, canonical(Decimal(value)))
    for text in ('- CHF 5', '-CHF -5', '(CHF -5)', '(-5)', 'CHF'):
        corpus.case(text, NOT_A_NUMBER)
    corpus.case('CHF 5 EUR', '!two units')
    for text in ('CHF 5', '5 CHF', '\u20ac5', '$ 12', '12 kr'):
        corpus.declare()
        corpus.case(text, UNDECLARED)
        corpus.declare(unit='km')
        corpus.case(text, OTHER_QUANTITY)


# ---- units: the definitions -------------------------------------------------------------------

F = Fraction
INCH, POUND, GRAVITY = F('0.0254'), F('0.45359237'), F('9.80665')
FOOT, YARD, MILE, GALLON, IMPERIAL = 12 * INCH, 36 * INCH, 63360 * INCH, 231 * INCH ** 3 * 1000, F('4.54609')
POUND_FORCE = POUND * GRAVITY

# name: factor to the base; a pair is a factor and what is added first (temperatures); a function is the reciprocal
QUANTITIES = {
    'length': {'km': 1000, 'm': 1, 'dm': F('0.1'), 'cm': F('0.01'), 'mm': F('0.001'), '\u00b5m': F('0.000001'), 'mi': MILE,
               'yd': YARD, 'ft': FOOT, 'in': INCH, 'nmi': 1852},
    'area': {'km2': 10 ** 6, 'ha': 10 ** 4, 'm2': 1, 'cm2': F(1, 10 ** 4), 'mm2': F(1, 10 ** 6), 'mi2': MILE ** 2,
             'ac': 4840 * YARD ** 2, 'yd2': YARD ** 2, 'ft2': FOOT ** 2, 'in2': INCH ** 2},
    'volume': {'l': 1, 'hl': 100, 'dl': F('0.1'), 'cl': F('0.01'), 'ml': F('0.001'), 'm3': 1000, 'cm3': F('0.001'), 'gal': GALLON,
               'qt': GALLON / 4, 'pt': GALLON / 8, 'fl oz': GALLON / 128, 'imp gal': IMPERIAL, 'imp pt': IMPERIAL / 8,
               'imp fl oz': IMPERIAL / 160, 'ft3': FOOT ** 3 * 1000, 'in3': INCH ** 3 * 1000, 'bbl': 42 * GALLON},
    'mass': {'kg': 1, 'g': F('0.001'), 'mg': F('0.000001'), 't': 1000, 'lb': POUND, 'oz': POUND / 16, 'st': 14 * POUND,
             'short ton': 2000 * POUND, 'long ton': 2240 * POUND},
    'duration': {'s': 1, 'ms': F('0.001'), '\u00b5s': F('0.000001'), 'min': 60, 'h': 3600, 'd': 86400, 'wk': 604800},
    'speed': {'km/h': F(1000, 3600), 'mph': MILE / 3600, 'm/s': 1, 'ft/s': FOOT, 'kn': F(1852, 3600)},
    'force': {'N': 1, 'kN': 1000, 'kgf': GRAVITY, 'lbf': POUND_FORCE},
    'torque': {'Nm': 1, 'kNm': 1000, 'kgm': GRAVITY, 'lb-ft': POUND_FORCE * FOOT, 'lb-in': POUND_FORCE * INCH},
    'pressure': {'Pa': 1, 'hPa': 100, 'kPa': 1000, 'MPa': 10 ** 6, 'bar': 10 ** 5, 'mbar': 100, 'psi': POUND_FORCE / INCH ** 2,
                 'atm': 101325, 'at': GRAVITY * 10 ** 4, 'mmHg': F('133.322387415'), 'inHg': F('133.322387415') * F('25.4'),
                 'torr': F(101325, 760)},
    'power': {'W': 1, 'mW': F('0.001'), 'kW': 1000, 'MW': 10 ** 6, 'GW': 10 ** 9, 'hp': 550 * FOOT * POUND_FORCE, 'PS': 75 * GRAVITY},
    'energy': {'J': 1, 'kJ': 1000, 'MJ': 10 ** 6, 'Wh': 3600, 'kWh': 3600 * 10 ** 3, 'MWh': 3600 * 10 ** 6, 'cal': F('4.184'),
               'kcal': 4184, 'BTU': F('1055.05585262')},
    'temperature': {'\u00b0C': (F(1), F('273.15')), '\u00b0F': (F(5, 9), F('459.67')), 'K': (F(1), F(0))},
    'consumption': {'l/100km': 1, 'l/km': 100, 'l/10km': 10, 'gal/100mi': GALLON / (MILE / 1000), 'km/l': lambda x: 100 / x,
                    'mi/l': lambda x: 100 / (x * MILE / 1000), 'mpg': lambda x: 100 * GALLON / (x * MILE / 1000),
                    'mpg imp': lambda x: 100 * IMPERIAL / (x * MILE / 1000)},
    'electric': {'kWh/100km': 1, 'kWh/100mi': 1000 / MILE, 'kWh/km': 100, 'Wh/km': F('0.1'), 'Wh/mi': F('0.1') * 1000 / MILE,
                 'km/kWh': lambda x: 100 / x, 'mi/kWh': lambda x: 100 / (x * MILE / 1000)},
    'emission': {'g/km': 1, 'g/mi': 1000 / MILE, 'mg/km': F('0.001'), 'kg/km': 1000},
    'share': {'%': 1, '\u2030': F('0.1'), 'ppm': F('0.0001')},
    'rotation': {'rpm': 1},
    'frequency': {'Hz': 1, 'kHz': 1000, 'MHz': 10 ** 6, 'GHz': 10 ** 9},
    'voltage': {'V': 1, 'mV': F('0.001'), 'kV': 1000},
    'current': {'A': 1, 'mA': F('0.001'), 'kA': 1000},
    'charge': {'Ah': 1, 'mAh': F('0.001')},
}
QUANTITY_OF = {unit: quantity for quantity, units in QUANTITIES.items() for unit in units}


def convert(value, source, target):
    units = QUANTITIES[QUANTITY_OF[source]]
    value = Fraction(value)
    if source == target:
        return value

    def scale(unit):
        factor = units[unit]
        return factor if isinstance(factor, tuple) else (Fraction(factor), Fraction(0))
    if callable(units[source]):
        base = units[source](value)
    else:
        factor, shift = scale(source)
        base = (value + shift) * factor
    if callable(units[target]):
        return units[target](base)                  # its own inverse
    factor, shift = scale(target)
    return base / factor - shift


def conversions(corpus):
    corpus.title('every unit into every other of its quantity')
    for quantity, units in QUANTITIES.items():
        for target in units:
            corpus.declare(unit=target, locale='en')
            for source in units:
                value = Decimal(DICE.randrange(1, 10 ** DICE.randrange(1, 7))).scaleb(-DICE.randrange(0, 4))
                if quantity == 'temperature' and DICE.random() < 0.4:
                    value = -value
                corpus.case(f'{value:f} {source}', canonical(convert(value, source, target)))
            corpus.case(Number('12.50'), '=12.5')       # without a unit it is in the declared one
    corpus.title('other quantities, no unit, none declared')
    for target, source in (('km', 'kg'), ('km', 'h'), ('kg', 'l'), ('bar', 'Nm'), ('\u00b0C', '%'), ('l/100km', 'km/h'), ('EUR', 'km')):
        corpus.declare(unit=target)
        corpus.case(f'5 {source}', OTHER_QUANTITY)
        corpus.case('5 leagues', UNKNOWN)
        corpus.case('5', '=5')
        corpus.case(source, NOT_A_NUMBER)
    corpus.declare()
    for source in QUANTITY_OF:
        corpus.case(f'5 {source}', UNDECLARED)
    corpus.case('5 leagues', NOT_A_NUMBER)
    for target in ('l/100km', 'mpg'):
        corpus.declare(unit=target)
        corpus.case('0 km/l' if target == 'l/100km' else '0 l/100km', '!zero, which this unit has no counterpart of')
    corpus.title('the case of m and M, and of single letters')
    for target, source, expected in (('W', '5 mW', '=0.005'), ('W', '5 MW', '=5000000'), ('W', '5 mw', UNKNOWN), ('Pa', '5 MPa', '=5000000'),
                                     ('Pa', '5 mpa', UNKNOWN), ('m', '5 M', UNKNOWN), ('m', '5M', UNKNOWN), ('K', '5k', UNKNOWN),
                                     ('kg', '5 KG', '=5'), ('kg', '5 G', UNKNOWN), ('kW', '5 KW', '=5'), ('l', '5 L', '=5'),
                                     ('km', '5 Km', '=5'), ('km', '5 KM', '=5'), ('kn', '5 kN', OTHER_QUANTITY), ('N', '5 kn', OTHER_QUANTITY)):
        corpus.declare(unit=target)
        corpus.case(source, expected)


COMPOUNDS = (('ft', 'in'), ('mi', 'yd', 'ft', 'in'), ('lb', 'oz'), ('h', 'min'), ('h', 'min', 's'), ('d', 'h'), ('m', 'cm'), ('km', 'm'),
             ('st', 'lb'), ('gal', 'fl oz'), ('wk', 'd', 'h'))


def compounds(corpus):
    corpus.title('several parts, in descending units of one quantity')
    for units in COMPOUNDS:
        for target in QUANTITIES[QUANTITY_OF[units[0]]]:
            corpus.declare(unit=target)
            values = [Decimal(DICE.randrange(1, 60)) for _ in units[:-1]] + [Decimal(DICE.randrange(1, 600)) / 10]
            total = sum(convert(value, unit, target) for value, unit in zip(values, units))
            parts = [f'{value:f} {unit}' for value, unit in zip(values, units)]
            corpus.case(' '.join(parts), canonical(total))
            if DICE.random() < 0.5:
                corpus.case('-' + ''.join(part.replace(' ', '', 1) for part in parts), canonical(-total))
    corpus.declare(unit='h')
    for minutes in (0, 5, 30, 59):
        for text in (f'1h{minutes:02}', f'1 h {minutes:02}', f'1H{minutes:02}'):
            corpus.case(text, canonical(1 + Fraction(minutes, 60)))
    for text in ('1h60', '1h5', '1h005', '1d30'):
        corpus.case(text, UNKNOWN)
    corpus.case('30 min 1 h', "!units that don't descend")
    corpus.case('1 h 30 h', "!units that don't descend")
    corpus.case('1 h 5 km', OTHER_QUANTITY)
    corpus.case('1 h 5 leagues', UNKNOWN)
    corpus.declare(unit='cm')
    for text in ('5\'11"', '5\u203211\u2033', '5\' 11"', '5 ft 11 in', '5ft11in', '5 feet 11 inches'):
        corpus.case(text, canonical(71 * INCH * 100))


# CLDR's name of a unit, ours, and the unit it is converted to
CLDR_UNITS = """
length-kilometer km m|length-meter m cm|length-decimeter dm m|length-centimeter cm m|length-millimeter mm m
length-micrometer \u00b5m mm|length-mile mi km|length-yard yd m|length-foot ft m|length-inch in cm|length-nautical-mile nmi km
area-square-kilometer km2 ha|area-hectare ha m2|area-square-meter m2 ha|area-square-centimeter cm2 m2|area-square-mile mi2 km2
area-acre ac ha|area-square-yard yd2 m2|area-square-foot ft2 m2|area-square-inch in2 cm2
mass-metric-ton t kg|mass-kilogram kg lb|mass-gram g kg|mass-milligram mg g|mass-pound lb kg|mass-ounce oz g|mass-stone st kg
volume-cubic-meter m3 l|volume-hectoliter hl l|volume-liter l m3|volume-deciliter dl l|volume-centiliter cl l|volume-milliliter ml l
volume-cubic-centimeter cm3 l|volume-gallon gal l|volume-gallon-imperial imp gal l|volume-quart qt l|volume-pint pt l
volume-fluid-ounce fl oz l|volume-fluid-ounce-imperial imp fl oz l|volume-cubic-inch in3 l|volume-cubic-foot ft3 l
duration-week wk d|duration-day d h|duration-hour h min|duration-minute min s|duration-second s min|duration-millisecond ms s
duration-microsecond \u00b5s ms|speed-kilometer-per-hour km/h m/s|speed-mile-per-hour mph km/h|speed-meter-per-second m/s km/h
speed-knot kn km/h|power-gigawatt GW kW|power-megawatt MW kW|power-kilowatt kW hp|power-watt W kW|power-milliwatt mW W
power-horsepower hp kW|energy-kilowatt-hour kWh MJ|energy-kilojoule kJ J|energy-joule J Wh|energy-kilocalorie kcal kJ
energy-calorie cal J|pressure-bar bar kPa|pressure-millibar mbar hPa|pressure-pascal Pa bar|pressure-hectopascal hPa bar
pressure-kilopascal kPa bar|pressure-megapascal MPa bar|pressure-pound-force-per-square-inch psi bar|pressure-atmosphere atm bar
pressure-millimeter-ofhg mmHg hPa|pressure-inch-ofhg inHg hPa|temperature-celsius \u00b0C K|temperature-fahrenheit \u00b0F \u00b0C
temperature-kelvin K \u00b0C|consumption-liter-per-100-kilometer l/100km km/l|consumption-liter-per-kilometer l/km l/100km
consumption-mile-per-gallon mpg l/100km|consumption-mile-per-gallon-imperial mpg imp l/100km|concentr-percent % \u2030
concentr-permille \u2030 %|torque-newton-meter Nm lb-ft|torque-pound-force-foot lb-ft Nm|electric-volt V kV|electric-ampere A mA
electric-milliampere mA A|frequency-hertz Hz kHz|frequency-kilohertz kHz Hz|frequency-megahertz MHz Hz|frequency-gigahertz GHz MHz
force-newton N lbf
"""

# What CLDR means by these is not what the words alone say: refused.
NOT_ONE_THING = {
    'Pfund', 'livre', 'livres',                     # of 500 g
    'quarto', 'quarti', 'cuarto', 'cuartos',        # fourths
    '#', '\u00b0', 'M', 'p',                        # number, degrees, million, pages
}
# CLDR's horsepower is 550 foot-pounds a second, its names on the continent are those of 75 kgf m/s.
METRIC_HORSEPOWER = {'CV', 'PS', 'ch', 'caballo de vapor', 'caballos de vapor', 'cavallo vapore', 'cavalli vapore',
                     'Pferdest\u00e4rke', 'Pferdest\u00e4rken', 'cheval-vapeur', 'chevaux-vapeur'}
PLURALS = ('zero', 'one', 'two', 'few', 'many', 'other')


def patterns(language, cldr):
    """The patterns of a unit in all lengths and plurals, none of a quotient."""
    found = Locale(language)._data['unit_patterns'][cldr]           # no public way to all of them
    texts = set()
    for length in found:
        for plural in PLURALS:
            if plural in found[length] and isinstance(found[length][plural], str) and '{0}' in found[length][plural]:
                texts.add(found[length][plural])
    return sorted(texts)


def unit_names(corpus):
    corpus.title('units, as CLDR calls them in five languages')
    for entry in CLDR_UNITS.strip().replace('\n', '|').split('|'):
        cldr, rest = entry.split(' ', 1)
        source = next(rest[:cut] for cut in range(len(rest), 0, -1)
                      if rest[:cut] in QUANTITY_OF and rest[cut + 1:] in QUANTITY_OF and rest[cut:cut + 1] == ' ')
        target = rest[len(source) + 1:]
        for language in ('en', 'it', 'es', 'de', 'fr'):
            locale, _, _ = symbols(language)
            corpus.declare(unit=target, locale=language)
            value = Decimal(DICE.randrange(1, 3000)) / 10
            for pattern in patterns(language, cldr):
                name = pattern.replace('{0}', '').strip(SPACES)
                meant = 'PS' if name in METRIC_HORSEPOWER else source
                expected = canonical(convert(value, meant, target))
                if name in NOT_ONE_THING:
                    expected = NOT_A_NUMBER if name == '#' else UNKNOWN
                corpus.case(pattern.replace('{0}', numbers.format_decimal(value, locale=locale)), expected)
                if len(name) > 4 and expected[0] == '=':
                    corpus.case(f'5 {name.upper() if name.isascii() else name}', canonical(convert(5, meant, target)))


# ---- refusals ---------------------------------------------------------------------------------

def refusals(corpus):
    corpus.title('ranges')
    for unit in ({}, {'unit': 'km'}):
        corpus.declare(**unit)
        for sign in ('-', '\u2013', '\u2014', '\u2011', '\u2212', ' - ', ' \u2013 ', '..', '...', '\u2026', ' to ', ' bis ', ' a ', ' \u00e0 ', ' hasta '):
            for pair in (('10', '20'), ('1,5', '2,5'), ('1.000.000', '2.000.000')):
                corpus.case(sign.join(pair) + (' km' if unit else ''), RANGE)
        corpus.case('between 10 and 20', RANGE)
    corpus.declare(unit='km')
    corpus.case('10 km to 20 km', RANGE)
    corpus.case('10 km - 500 m', RANGE)
    corpus.title('approximations')
    corpus.declare(unit='km')
    for mark in ('~', '~ ', '\u2248', '<', '>', '<= ', '\u2264 ', '\u2265', '\u00b1', 'ca. ', 'ca ', 'circa ', 'Circa ', 'approx. ', 'about ', 'environ ',
                 'env. ', 'etwa ', 'rund ', 'ungef\u00e4hr ', '\u00fcber ', '\u00dcber ', 'oltre ', 'quasi ', 'm\u00e1s de ', 'casi ', 'more than ', 'up to ',
                 'at least ', 'fino a ', 'moins de ', 'bis zu '):
        corpus.case(f'{mark}12', APPROXIMATE)
        corpus.case(f'{mark}12 km', APPROXIMATE)
    for text in ('12+', '12 +', '12 ca.', '12 circa', '12 km circa', '12 or so', '12 environ'):
        corpus.case(text, APPROXIMATE)
    corpus.title('a minus behind')
    corpus.declare()
    for text in ('12-', '12 -', '12\u2212', '1.234,5-', '12.-'):
        corpus.case(text, MINUS_BEHIND)
    corpus.title('the digits of other scripts')
    zeros = [c for c in map(chr, range(128, 0x110000)) if unicodedata.category(c) == 'Nd' and unicodedata.digit(c) == 0]
    for zero in zeros:
        corpus.case(chr(ord(zero) + 1) + chr(ord(zero) + 9), OTHER_DIGITS)
    corpus.case('\uff11\uff12\uff0c\uff13', OTHER_DIGITS)
    corpus.case('1\uff12', OTHER_DIGITS)
    corpus.title('no numbers at all')
    for text in ('n/a', '-', '--', '+', '.', ',', '5.', '5,', '- 5', '--5', '+-5', '-+5', '(5', '5)', '()', '(-5)', '((5))', 'NaN', 'inf', '-Infinity',
                 'zero', '1/2', '\u00bd', '0x10', '1e', 'e5', '1e5.5', '12/03/24', '2024-03-12', '12:30', '#5', 'No. five', '5 5/8', '1_000', '\u4e94'):
        expected = MISPLACED if text == '5 5/8' else NOT_A_NUMBER
        corpus.case(text, expected)
    for raw in ('true', 'false'):
        corpus.case(Number(raw), NOT_A_NUMBER)
    for raw in ('[1]', '{"a":1}'):
        corpus.case(Number(raw), '!not a scalar')
    for raw in ('null', '""', '"  "', '"\\u00a0"'):
        corpus.case(Number(raw), '-')


def plain(corpus):
    """JSON numbers, and strings under locale plain: Decimal reads the same."""
    texts = ['0', '-0', '0.0', '1', '-1', '1.50', '1.234', '12.345', '123.456', '1234.567', '1e3', '1E+3', '1.5e-3', '-2.5E2', '0e5', '100', '1000000',
             '0.000001', '12345678901234567890123456789012345678', '0.12345678901234567890123456789012345678', '9.9e125', '1e-130',
             '1' + '0' * 60]
    for _ in range(60):
        texts.append(f'{"-" * DICE.randrange(2)}{DICE.randrange(10 ** DICE.randrange(1, 19))}.{DICE.randrange(10 ** 6):0{DICE.randrange(6, 12)}}')
    for declaration in ({}, {'locale': 'de'}, {'locale': 'en', 'unit': 'km'}):
        corpus.declare(**declaration)
        for text in texts:
            corpus.case(Number(text), canonical(Decimal(text)))
        for text in ('123456789012345678901234567890123456789', '1e126', '1e-131', '1e999', '-1e126', '1.' + '1' * 38):
            corpus.case(Number(text), OUT_OF_RANGE)
    corpus.declare(locale='plain')
    for text in texts + ['.5', '007', '+5']:
        corpus.case(text, canonical(Decimal(text)))
    for text in ('1,5', '1,234', '1 234', "1'234", '1.234.567'):
        corpus.case(text, OTHER_LOCALE)


def main():
    corpus = Corpus()
    corpus.title('made by make_numbers.py')
    corpus.title('JSON numbers are plain, whatever the locale')
    plain(corpus)
    corpus.title('shapes, without a locale')
    corpus.declare()
    for text in shapes():
        corpus.case(text, by_shape(text))
    corpus.title('locales')
    locales(corpus)
    currencies(corpus)
    conversions(corpus)
    compounds(corpus)
    unit_names(corpus)
    refusals(corpus)


if __name__ == '__main__':
    main()
