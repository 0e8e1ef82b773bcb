#!/usr/bin/python3
"""Makes dates.tsv: dates as others write them, read by others.

    test/corpus/make_dates.py > test/corpus/dates.tsv

Moments are made by datetime, and written by strftime, email.utils, Babel (CLDR's names and forms of
dates in five languages) or by the grammar of a standard; where dateutil, email or strptime read that
form, they must agree before a line is written. Time zones are zoneinfo's. What is refused is so by a
rule that stands beside it: no such day (datetime raises), several readings that are dates, forms
that a grammar doesn't have. Needs Debian's python3-dateutil, python3-babel and tzdata.
"""
import calendar
import email.utils
import json
import random
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from itertools import cycle, product
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from dateutil import parser as dateutil

LANGUAGES = ('en', 'it', 'es', 'de', 'fr')
ZONES = ('Europe/Rome', 'Europe/London', 'Europe/Dublin', 'America/New_York', 'America/St_Johns', 'Asia/Kolkata',
         'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'America/Sao_Paulo')
NO_FORM = '!not a date in any declared format'
NO_DATE = '!no such date'
NO_DAY = '!not a whole date'
SEVERAL = '!ambiguous: it could be several dates'
PIVOT = 69
MINUS = '\N{MINUS SIGN}'

dice = random.Random(8601)
lines = 0


def declare(kind='timestamp', *formats, directive='@', **keys):
    declaration = {'type': kind, **({'formats': list(formats)} if formats else {}), **keys}
    print(f'{directive} {json.dumps(declaration, ensure_ascii=False)}')


def line(raw, expected):
    global lines
    lines += 1
    print(f'{json.dumps(raw, ensure_ascii=False)}\t{expected}')


def shown(moment):
    """As the corpus has it: a day, or a moment at UTC (naive ones are there already)."""
    if not isinstance(moment, datetime):
        return '=' + moment.isoformat()
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc)
    fraction = f'.{moment.microsecond:06d}' if moment.microsecond else ''
    return f'={moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z'


def any_day(first=1000, last=9990):
    return date.fromordinal(dice.randrange(date(first, 1, 1).toordinal(), date(last, 1, 1).toordinal()))


def any_moment(first=1000, last=9990):
    return datetime.combine(any_day(first, last), time()) + timedelta(seconds=dice.randrange(86400))


def agree(one, other, text):
    assert one == other, f'{text}: {one} or {other}?'


# ---- ISO 8601 -----------------------------------------------------------------------------------

def iso_dates(day):
    year, week, weekday = day.isocalendar()
    return (f'{day:%Y-%m-%d}', f'{day:%Y%m%d}', f'{year:04d}-W{week:02d}-{weekday}',
            f'{year:04d}W{week:02d}{weekday}',
            f'{day:%Y-%j}', f'{day:%Y%j}')


ISO_TIMES = ('%H', '%H:%M', '%H%M', '%H:%M:%S', '%H%M%S', '%H:%M:%S.%f', '%H%M%S,%f')
ISO_OFFSETS = ('', 'Z', '+00:00', '+01', '-08:00', '+0530', '-0330', '+14:00', '-12')


def iso():
    print('# ISO 8601: every form of a day with every form of a time')
    declare('date')
    for _ in range(8):
        day = any_day()
        for text in iso_dates(day):
            agree(dateutil.isoparse(text).date(), day, text)
            line(text, shown(day))
    declare()
    offsets = cycle(ISO_OFFSETS)
    for number, form in product(range(6), ISO_TIMES):
        moment = any_moment() + timedelta(microseconds=dice.randrange(10 ** 6))
        for separator in 'T ':
            day = iso_dates(moment.date())[(number + (separator == ' ')) % 6]
            text = day + separator + moment.strftime(form)
            expected = dateutil.isoparse(text.replace(' ', 'T'))
            agree(expected.date(), moment.date(), text)
            offset = next(offsets)
            line(text + offset, shown(dateutil.isoparse(text.replace(' ', 'T') + offset)))
            if offset.startswith('-'):
                line(text + MINUS + offset[1:], shown(dateutil.isoparse(text.replace(' ', 'T') + offset)))
    print('# decimals of hours and minutes; digits past microseconds are dropped')
    for _ in range(12):
        day = any_moment().replace(hour=0, minute=0, second=0)
        hour, minute = dice.randrange(24), dice.randrange(60)
        digits = ''.join(dice.choice('0123456789') for _ in range(dice.randint(1, 12)))
        part = Fraction(int(digits), 10 ** len(digits))
        for text, exact in (
                (f'{hour:02d}', (hour + part) * 3600),
                (f'{hour:02d}:{minute:02d}', hour * 3600 + (minute + part) * 60),
                (f'{hour:02d}{minute:02d}07', hour * 3600 + minute * 60 + 7 + part)):
            line(f'{day:%Y-%m-%d}T{text}{dice.choice(".,")}{digits}',
                 shown(day + timedelta(microseconds=int(exact * 10 ** 6))))
    print('# 24:00 and second 60 are what comes next')
    for day in (any_moment().replace(hour=0, minute=0, second=0) for _ in range(4)):
        for text in ('24', '24:00', '2400', '24:00:00', '24:00:00.000'):
            line(f'{day:%Y-%m-%d}T{text}', shown(day + timedelta(days=1)))
        line(f'{day:%Y-%m-%d}T23:59:60Z', shown(day + timedelta(days=1)))


def iso_refused():
    print('# what no calendar or clock has')
    declare('date')
    for year in (1, 4, 1900, 2000, 2023, 2024, 9999):
        for month in range(14):
            for day in {0, 1, 29, 30, 31, 32} if month in (0, 2, 4, 6, 11, 13) else {0, 32}:
                text = f'{year:04d}-{month:02d}-{day:02d}'
                try:
                    expected = shown(date(year, month, day))
                except ValueError:
                    expected = NO_DATE
                if expected == NO_DATE or month == 2:
                    line(dice.choice((text, text.replace('-', ''))), expected)
        last = 366 if calendar.isleap(year) else 365
        for ordinal in (0, 1, 365, 366, 367, 999):
            line(f'{year:04d}-{ordinal:03d}',
                 shown(date(year, 1, 1) + timedelta(ordinal - 1)) if 0 < ordinal <= last else NO_DATE)
        for week, weekday in ((0, 1), (1, 0), (1, 8), (52, 7), (53, 1), (53, 7), (54, 1)):
            try:
                expected = shown(date.fromisocalendar(year, week, weekday))
            except (ValueError, OverflowError):
                expected = NO_DATE
            line(f'{year:04d}-W{week:02d}-{weekday}', expected)
    line('0000-01-01', NO_DATE)
    declare()
    for clock in ('25:00', '24:01', '24:00:01', '2401', '24.5', '23:60', '2360', '23:59:61', '99:99'):
        line(f'2024-03-12T{clock}', NO_DATE)
    for text in ('9999-12-31T23:00-02:00', '0001-01-01T01:00+02:00'):
        line(text, NO_DATE)
    print('# months, weeks and years are no days')
    for text in ('2024', '0001', '2024-03', '2024-12', '2024-W11', '2024W11'):
        line(text, NO_DAY)
    print('# what the grammar has not')
    for text in ('202403', '24', '240312', '2024-3-12', '2024-03-1', '2024-0312', '202403-12', '2024W11-2',
                 '2024-W112', '2024-W1-2',
                 '2024-72', '+002024-03-12', '-2024-03-12', '12024-03-12', '2024-03-12T', '2024-03-12T1',
                 '2024-03-12T10:1',
                 '2024-03-12T10:15:0', '2024-03-12T10:15:', '2024-03-12T101', '2024-03-12T10150',
                 '2024-03-12T10:15:00.', '2024-03-12T10:15:00.Z',
                 '2024-03-12T10:15:00+1', '2024-03-12T10:15:00+01:', '2024-03-12T10:15:00+01:0',
                 '2024-03-12T10:15:00+010', '2024-03-12T10:15:00+25:00',
                 '2024-03-12T10:15:00+01:60', '2024-03-12T10:15:00ZZ', '2024-03-12T10:15:00Z+01', '2024-03-12  10:15',
                 '2024-03-12Z', '2024-03-12+01:00',
                 '2024/03/12', '2024.03.12', '12-03-2024', '12/03/2024', '--03-12', '2024-03-12T10:15x', 'today',
                 'P1D', '2024-03-12/2024-03-13'):
        line(text, NO_FORM)
    for blank in ('', ' ', '\t\n', None):
        line(blank, '-')
    line(' \t2024-03-12\n', shown(datetime(2024, 3, 12)))
    line(True, '!neither a string nor a number')
    line(['2024-03-12'], '!not a scalar')
    line({'date': '2024-03-12'}, '!not a scalar')


# ---- time zones -----------------------------------------------------------------------------------

def at_zone(naive, zone):
    """What the server makes of it: skipped times by the offset before, those shown twice by that after."""
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    return (late if early.utcoffset() > late.utcoffset() else early).astimezone(timezone.utc)


def around_changes(zone):
    """A time of each kind in a year in which the clocks change: before, skipped or twice, after."""
    found = []
    at = datetime(2011, 1, 1, tzinfo=timezone.utc)
    while at.year < 2025 and len(found) < 9:
        after = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            local = at.astimezone(zone).replace(tzinfo=None)
            found += [local + timedelta(minutes=minutes) for minutes in (-45, 75, 200)]
        at = after
    return found


def zones():
    print('# time zones by name, where clocks change and anywhere; RFC 9557 has them in brackets')
    declare()
    for name in ZONES:
        zone = ZoneInfo(name)
        for number, local in enumerate(around_changes(zone) + [any_moment(1950, 2090) for _ in range(5)]):
            zoned = dice.choice((name, name.lower(), name.upper()))
            text = f'{local:%Y-%m-%d %H:%M:%S} {zoned}' if number % 2 else f'{local:%Y-%m-%dT%H:%M:%S}[{zoned}]'
            line(text, shown(at_zone(local, zone)))
    print('# with an offset, which must be right then; Z claims none')
    for name in ZONES:
        for fold in (0, 1):
            moment = any_moment(1980, 2030).replace(tzinfo=ZoneInfo(name), fold=fold)
            line(f'{moment.isoformat()}[{name}]', shown(moment))
            line(f'{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}Z[{name}]', shown(moment))
            wrong = moment.replace(tzinfo=timezone(moment.utcoffset() + timedelta(minutes=15)))
            line(f'{wrong.isoformat()}[{name}]', '!the time zone has another offset then')
    twice = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Rome'))
    for fold in (0, 1):
        line(f'{twice.replace(fold=fold).isoformat()}[Europe/Rome]', shown(twice.replace(fold=fold)))
    line('2024-03-12T10:15:00Z[u-ca=hebrew]', '=2024-03-12T10:15:00Z')
    line('2024-03-12T10:15:00Z[!u-ca=hebrew]', '!a critical tag that is not known')
    line('2024-03-12T10:15:00[!Europe/Rome][u-ca=gregory]', '=2024-03-12T09:15:00Z')
    for name in ('Europe/Atlantis', 'Moon', 'FOO+3', 'CET-1CEST', 'XYZ', 'right/Europe/Rome', 'Europe/'):
        line(f'2024-03-12 10:15 {name}', '!unknown time zone')
    print('# abbreviations are one offset each')
    for offset, names in (
            (0, 'UTC GMT Z UT WET'), (-5, 'EST CDT'), (-4, 'EDT'), (-6, 'CST MDT'), (-7, 'MST PDT'),
            (-8, 'PST AKDT'), (-9, 'AKST'), (-10, 'HST'),
            (1, 'CET WEST MET WAT'), (2, 'CEST EET CAT SAST'), (3, 'EEST MSK EAT'), (5, 'PKT'),
            (7, 'WIB'), (8, 'WITA HKT AWST'), (9, 'WIT JST KST'),
            (10, 'AEST'), (11, 'AEDT'), (12, 'NZST'), (13, 'NZDT')):
        for name in names.split():
            moment = any_moment(1980, 2030)
            line(f'{moment:%Y-%m-%d %H:%M:%S} {dice.choice((name, name.lower()))}',
                 shown(moment.replace(tzinfo=timezone(timedelta(hours=offset)))))
    check_abbreviations()
    for name in ('IST', 'BST', 'AST', 'SST', 'ADT', 'LMT'):
        line(f'2024-03-12 10:15 {name}', '!ambiguous time zone')
    print("# a field's zone is that of values that name none; a day is one in it")
    for name in ZONES[:6]:
        zone = ZoneInfo(name)
        declare(timezone=name)
        for local in around_changes(zone)[:4] + [any_moment(1950, 2090) for _ in range(2)]:
            line(local.isoformat(), shown(at_zone(local, zone)))
            line(local.isoformat() + 'Z', shown(local))
        declare('date', timezone=name)
        for local in [any_moment(1950, 2090) for _ in range(3)]:
            line(local.isoformat(), shown(local.date()))
            line(local.isoformat() + 'Z', shown(local.replace(tzinfo=timezone.utc).astimezone(zone).date()))
    declare(timezone='-03:30')
    line('2024-03-12T22:15', '=2024-03-13T01:45:00Z')
    declare(timezone='Europe/Atlantis')
    line('2024-03-12T22:15', '!unknown time zone')
    line('2024-03-12T22:15Z', '=2024-03-12T22:15:00Z')


def check_abbreviations():
    """Those refused stand for several offsets in the database's own present."""
    uses = {}
    for name in ('Asia/Kolkata', 'Asia/Jerusalem', 'Europe/Dublin', 'Europe/London', 'Pacific/Pago_Pago',
                 'America/Halifax', 'Asia/Karachi'):
        for month in (1, 7):
            moment = datetime(2024, month, 1, tzinfo=ZoneInfo(name))
            uses.setdefault(moment.tzname(), set()).add(moment.utcoffset())
    assert len(uses['IST']) == 3 and uses['PKT'] == {timedelta(hours=5)}


# ---- mail -----------------------------------------------------------------------------------------

def mail():
    print('# RFC 5322, as the standard library writes and reads it')
    declare('timestamp', 'RFC2822')
    for minutes in (0, 60, -480, 330, -210, 840, -720, 0):
        moment = any_moment(1900, 2400).replace(tzinfo=timezone(timedelta(minutes=minutes)))
        text = email.utils.format_datetime(moment)
        for form in (text, text[5:], text.lower(), text.replace(' ', '\r\n\t', 2), text + ' (a comment (in it) here)',
                     text.replace(':', ' : ')):
            if form in (text, text[5:], text.lower()):
                agree(email.utils.parsedate_to_datetime(form).astimezone(timezone.utc), moment, form)
            line(form, shown(moment))
        line(text[:-9] + text[-6:], shown(moment.replace(second=0)))
        wrong = (moment + timedelta(days=1)).strftime('%a')
        line(f'{wrong}, {text[5:]}', '!not that day of the week')
    print('# section 4.3: short years, zones by name')
    for year, full in (
            (0, 2000), (24, 2024), (49, 2049), (50, 1950), (99, 1999), (100, 2000), (124, 2024), (999, 2899)):
        line(f'12 Mar {year:02d} 10:15:00 GMT', shown(datetime(full, 3, 12, 10, 15)))
    for name in 'UT GMT EST EDT CST CDT MST MDT PST PDT'.split():
        text = f'Tue, 12 Mar 2024 10:15:00 {name}'
        line(text, shown(email.utils.parsedate_to_datetime(text)))
    for letter in 'AHIKYZ':
        line(f'12 Mar 2024 10:15:00 {letter}', '=2024-03-12T10:15:00Z')
    line('12 Mar 2024 10:15:00 -0000', '=2024-03-12T10:15:00Z')
    line('12 Mar 2024 10:15:00 J', '!unknown time zone')
    line('12 Mar 2024 10:15:00 IST', '!ambiguous time zone')
    for text in ('31 Feb 2024 10:15:00 +0100', '31 Apr 2024 10:15:00 +0100', '12 Mar 2024 25:15:00 +0100',
                 '12 Mar 2024 10:60:00 +0100',
                 '12 Mar 12024 10:15:00 +0100', '0 Mar 2024 10:15:00 +0100'):
        line(text, NO_DATE)
    print('# what the grammar has not: no zone, no time, names in full, colons in zones')
    for text in ('12 Mar 2024', '12 Mar 2024 10:15:00', 'Tue, 12 Mar 2024', 'Tuesday, 12 Mar 2024 10:15:00 +0100',
                 '12 March 2024 10:15:00 +0100',
                 '12 Mar 2024 10:15:00 +01:00', '12 Mar 2024 10:15:00 +01', '12 Mar 2024 1:15:00 +0100',
                 '12 Mar 4 10:15:00 +0100', 'Mar 12 2024 10:15:00 +0100',
                 '12/03/2024 10:15:00 +0100', '12 Mrz 2024 10:15:00 +0100', '12 Mar 2024 10:15:00 +0100 (open',
                 '2024-03-12T10:15:00Z', '123 Mar 2024 10:15:00 GMT'):
        line(text, NO_FORM)


# ---- PostgreSQL -----------------------------------------------------------------------------------

def either_way(first, second, year):
    """The days that two numbers and a year can be."""
    days = set()
    for day, month in ((first, second), (second, first)):
        try:
            days.add(date(year, month, day))
        except ValueError:
            pass
    return days


def only(days):
    return shown(days.pop()) if len(days) == 1 else SEVERAL if days else NO_DATE


def sql():
    print("# what the server prints, in each DateStyle; numbers that could be two days are refused")
    declare('timestamp', 'SQL')
    for offset, zone in cycle_of(((1, 'CET'), (-5, 'EST'), (3, '+03'), (0, 'UTC')), 24):
        moment = any_moment(1800, 2300)
        zoned = moment.replace(tzinfo=timezone(timedelta(hours=offset)))
        line(f'{moment:%Y-%m-%d %H:%M:%S}{offset:+03d}', shown(zoned))
        line(f'{moment:%a %b %d %H:%M:%S %Y} {zone}', shown(zoned))
        line(f'{moment:%a %d %b %H:%M:%S %Y} {zone}', shown(zoned))
        line(f'{moment:%d.%m.%Y %H:%M:%S} {zone}', shown(zoned))
        line(f'{moment:%Y-%m-%d %H:%M:%S}.5', shown(moment + timedelta(microseconds=500000)))
    declare('date', 'SQL')
    for _ in range(16):
        day = any_day(1800, 2300)
        line(f'{day:%m/%d/%Y}', only(either_way(day.day, day.month, day.year)))
        line(f'{day:%d-%m-%Y}', only(either_way(day.day, day.month, day.year)))
        line(f'{day:%d.%m.%Y}', shown(day))
    for text in ('0044-03-15 BC', '2024-02-30', '31.02.2024', '13/13/2024', '30.02.2024 10:15:00 CET'):
        line(text, NO_DATE)
    for text in ('infinity', '-infinity', '2024-3-12', '12.3.2024', '12.03.24', 'Mar 12 2024', '20240312',
                 '10:15:00'):
        line(text, NO_FORM)


def cycle_of(things, count):
    return (thing for thing, _ in zip(cycle(things), range(count)))


# ---- patterns and names -----------------------------------------------------------------------------

PATTERNS = (
    ('DD/MM/YYYY', '%d/%m/%Y'), ('MM/DD/YYYY', '%m/%d/%Y'), ('DD.MM.YYYY', '%d.%m.%Y'), ('YYYY/MM/DD', '%Y/%m/%d'),
    ('YYYYMMDD', '%Y%m%d'),
    ('DD-MM-YY', '%d-%m-%y'), ('DD Mon YYYY', '%d %b %Y'), ('Month DD, YYYY', '%B %d, %Y'),
    ('Day DD Month YYYY', '%A %d %B %Y'), ('DDD/YYYY', '%j/%Y'),
    ('YYYYDDD', '%Y%j'), ('IYYY-IW/ID', '%G-%V/%u'), ('DD/MM/YYYY HH24:MI', '%d/%m/%Y %H:%M'),
    ('DD/MM/YYYY HH12:MI:SS AM', '%d/%m/%Y %I:%M:%S %p'),
    ('YYYY-MM-DD"T"HH24:MI:SS.FF', '%Y-%m-%dT%H:%M:%S.%f'), ('YYYYMMDDHH24MISS', '%Y%m%d%H%M%S'),
    ('DD/MM/YYYY HH24:MI OF', '%d/%m/%Y %H:%M %z'))


def patterns():
    print('# patterns, as strftime writes and strptime reads them')
    for pattern, form in PATTERNS:
        declare('timestamp', pattern)
        for number in range(6):
            moment = any_moment(1970, 2068)
            if '%z' in form:
                moment = moment.replace(tzinfo=timezone(timedelta(minutes=dice.randrange(-720, 841, 15))))
            if '%f' in form:
                moment += timedelta(microseconds=dice.randrange(10 ** 6))
            text = moment.strftime(form)
            read = datetime.strptime(text, form)
            line(text, shown(read))
            if number == 0:
                line(text + '0' if '%z' in form else text + ' 0', NO_FORM)
    declare('date', 'DD/MM/YYYY')
    print('# fewer digits where parts stand apart; never more, nor another separator')
    for text, expected in (
            ('1/2/2024', '=2024-02-01'), ('01/2/2024', '=2024-02-01'), ('001/02/2024', NO_FORM),
            ('1/2/24', NO_FORM), ('1-2-2024', NO_FORM),
            ('31/02/2024', NO_DATE), ('29/02/2023', NO_DATE), ('12/13/2024', NO_DATE),
            ('00/01/2024', NO_DATE), ('1/1/0000', NO_DATE)):
        line(text, expected)
    print('# two digits of a year, by the pivot')
    for pivot in (0, 1, 30, 69, 99):
        declare('date', 'DD/MM/YY', year_pivot=pivot)
        for year in sorted({0, 1, 29, 30, 68, 69, 98, 99}):
            line(f'12/03/{year:02d}', shown(date((2000 if year < pivot else 1900) + year, 3, 12)))
    print('# the first format that makes a date of it')
    declare('date', 'ISO', 'DD/MM/YYYY', 'MM/DD/YYYY', 'epoch_ms')
    for text in ('03/04/2024', '25/03/2024', '03/25/2024', '31/02/2024'):
        for form in ('%d/%m/%Y', '%m/%d/%Y'):
            try:
                line(text, shown(datetime.strptime(text, form).date()))
                break
            except ValueError:
                pass
        else:
            line(text, NO_DATE)


def spellings(name):
    """A name, without its point and accents, in capitals."""
    plain = name.rstrip('.')
    bare = plain.translate(str.maketrans('áéíóúìèàûôäöü', 'aeiouieauoaou'))
    return dict.fromkeys((name, plain, bare, plain.upper(), plain.title()))


def names():
    print("# CLDR's names of months and days, in full and short")
    declare('date', 'DD Month YYYY')
    for language in LANGUAGES:
        months = Locale(language).months
        for width in ('wide', 'abbreviated'):
            for number in range(1, 13):
                forms = {form: None for context in ('format', 'stand-alone')
                         for form in spellings(months[context][width][number])}
                for form in list(forms)[:4] if number % 3 else forms:
                    day = any_day().replace(month=number, day=1)
                    line(f'{day:%d} {form} {day:%Y}', shown(day))
    for text in ('12 jui 2024', '12 ma 2024', '12 m 2024', '12 marchy 2024', '12 brumaire 2024', '12 styczeń 2024',
                 '12 мая 2024', '12 三月 2024'):
        line(text, NO_FORM)
    for text in ('12 Maerz 2024', '12 MÄRZ 2024', '12 Ma\N{COMBINING DIAERESIS}rz 2024', '12 Mrz. 2024',
                 '12\N{NO-BREAK SPACE}mars 2024'):
        line(text, '=2024-03-12')
    for text in ('30 febbraio 2024', '31 avril 2024', '29 Februar 2023'):
        line(text, NO_DATE)
    declare('date', 'Day, DD/MM/YYYY')
    for language in LANGUAGES:
        days = Locale(language).days
        for width, number in product(('wide', 'abbreviated'), range(7)):
            day = any_day()
            day += timedelta((number - day.weekday()) % 7)
            for form in list(spellings(days['format'][width][number]))[:3]:
                line(f'{form}, {day:%d/%m/%Y}', shown(day))
            wrong = days['format'][width][(number + 1) % 7]
            line(f'{wrong}, {day:%d/%m/%Y}', '!not that day of the week')
    print("# names that users add: Polish and Turkish months")
    polish = Locale('pl').months['format']['wide']
    turkish = Locale('tr').months['format']['wide']
    lists = {'month': {form: str(number) for months in (polish, turkish) for number, form in months.items()}}
    print(f'@synonyms {json.dumps(lists, ensure_ascii=False)}')
    declare('date', 'DD Month YYYY')
    for months in (polish, turkish):
        for number, form in months.items():
            day = any_day().replace(month=number, day=2)
            line(f'{day:%d} {form} {day:%Y}', shown(day))
            line(f'{day:%d} {form.upper() if months is polish else form} {day:%Y}', shown(day))


# ---- auto ------------------------------------------------------------------------------------------

def full_year(text, pivot=PIVOT):
    return int(text) if len(text) == 4 else int(text) + (2000 if int(text) < pivot else 1900)


def readings(a, b, c):
    """The days that three numbers are, in each order that their digits allow."""
    orders = []
    if len(a) <= 2 and len(b) <= 2 and len(c) in (2, 4):
        orders += [(c, b, a), (c, a, b)]
    if len(a) == 4 or (len(a) == 2 and len(c) == 2):
        orders += [(a, b, c)]
    days = set()
    for year, month, day in orders:
        try:
            days.add(date(full_year(year), int(month), int(day)))
        except ValueError:
            pass
    return days


def dateutil_days(text):
    """What dateutil reads under each of its preferences, whatever the century."""
    for first, year in product((False, True), repeat=2):
        try:
            yield dateutil.parse(text, dayfirst=first, yearfirst=year).strftime('%y-%m-%d')
        except ValueError:
            pass


def auto():
    print('# auto: numbers in every order; one day is taken, several are refused')
    declare('date', 'auto')
    for separator in '/.- ':
        for _ in range(22):
            day = any_day(1940, 2060)
            form = dice.choice(('%d{0}%m{0}%Y', '%m{0}%d{0}%Y', '%Y{0}%m{0}%d', '%d{0}%m{0}%y', '%m{0}%d{0}%y',
                                '%y{0}%m{0}%d'))
            text = day.strftime(form.format(separator))
            found = readings(*text.split(separator))
            if len(found) == 1:
                assert min(found).strftime('%y-%m-%d') in set(dateutil_days(text)), text
            line(text, only(found))
    for text in ('31/02/2024', '32/01/2024', '13/13/2024', '2024/25/03', '99/99/99', '0/1/2024'):
        line(text, only(readings(*text.split('/'))))
    print("# days as CLDR writes them in five languages")
    for language, width in product(LANGUAGES, ('full', 'long', 'medium')):
        for _ in range(5):
            day = any_day(1940, 2060)
            text = format_date(day, width, language)
            numeric = text.replace('/', '.').replace('.', '').isdigit()
            line(text, only(either_way(day.day, day.month, day.year)) if numeric else shown(day))
    print('# and as others do, with times')
    declare('timestamp', 'auto')
    forms = ('%A, %B %d, %Y %I:%M %p', '%a %b %d %H:%M:%S %Y', '%d %b %Y %H:%M', '%Y-%m-%d %H:%M:%S',
             '%Y/%m/%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f', '%d-%b-%Y %H:%M:%S',
             '%b %d, %Y, %I:%M:%S %p', '%Y%m%dT%H%M%S', '%A, %d-%b-%y %H:%M:%S')
    for form in forms:
        for _ in range(3):
            moment = any_moment(1970, 2049)
            text = moment.strftime(form)
            read = dateutil.parse(text)
            line(text, shown(read))
            line(text + ('' if form.startswith('%a') else ' ') + '+02:00' if not form.endswith('%Y') else text + ' CEST',
                 shown(read.replace(tzinfo=timezone(timedelta(hours=2)))))
    print('# JavaScript, date(1), and ordinals')
    for text, expected in (
            ('Tue Mar 12 2024 10:15:00 GMT+0100 (Central European Standard Time)', '=2024-03-12T09:15:00Z'),
            ('Tue Mar 12 10:15:00 CET 2024', '=2024-03-12T09:15:00Z'),
            ('March 12th, 2024', '=2024-03-12T00:00:00Z'), ('the 12th of March 2024', NO_FORM),
            ('12th of March 2024', '=2024-03-12T00:00:00Z'), ('1er janvier 2024', '=2024-01-01T00:00:00Z'),
            ('1º gennaio 2024', '=2024-01-01T00:00:00Z'), ('12 de marzo de 2024', '=2024-03-12T00:00:00Z'),
            ('12Mar2024', '=2024-03-12T00:00:00Z'), ('2024-Mar-12', '=2024-03-12T00:00:00Z'),
            ('12 Mar', NO_FORM), ('March 2024', NO_DAY), ('03/2024', NO_DAY), ('2024-03', NO_DAY), ('2024', NO_DAY),
            ('Tuesday', NO_FORM), ('10:15', NO_FORM), ('12/03', NO_FORM),
            ('25/03-2024', NO_FORM), ('25,03,2024', NO_FORM), ('125/03/2024', NO_FORM), ('1/2/3', NO_FORM),
            ('1.2.3.4', NO_FORM), ('v1.2.2024', NO_FORM), ('Mon 25/03/2024', '=2024-03-25T00:00:00Z'),
            ('Tue 25/03/2024', '!not that day of the week'), ('Mon 04/03/2024', '=2024-03-04T00:00:00Z'),
            ('Wed 04/03/2024', '=2024-04-03T00:00:00Z'), ('25/03/2024 25:00', NO_DATE),
            ('25/03/2024 13:00 PM', NO_DATE), ('25/03/2024 10:15 IST', '!ambiguous time zone'),
            ('25/03/2024 10:15 nowhere', '!unknown time zone'), ('31 feb 2024', NO_DATE)):
        line(text, expected)
    print('# mail has another rule for years of two digits: 50 to 68 are two dates')
    for year in (0, 49, 50, 68, 69, 99):
        mails = 2000 + year if year < 50 else 1900 + year
        line(f'12 Mar {year:02d} 10:15:00 GMT',
             shown(datetime(mails, 3, 12, 10, 15)) if mails == full_year(f'{year:02d}') else SEVERAL)
        line(f'12 Mar {year:02d}', shown(datetime(full_year(f'{year:02d}'), 3, 12)))


# ---- epochs ----------------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
END = (datetime(2200, 1, 1, tzinfo=timezone.utc) - EPOCH) // timedelta(seconds=1)
UNITS = (('epoch_s', 0, 10 ** 6), ('epoch_ms', END, 10 ** 3), ('epoch_us', END * 1000, 1))


def epoch_of(number):
    """The unit that a number is in, and the moment it is."""
    for name, first, usecs in UNITS:
        end = END * 10 ** 6 // usecs
        if first <= number < end:
            return name, EPOCH + timedelta(microseconds=number * usecs)
    return None, None


def epochs():
    print('# seconds, milliseconds and microseconds, each in its range, as numbers and strings')
    numbers = [0, 1, 946684800, 1710238500, END - 1, END, END + 1, 1710238500250, END * 1000 - 1, END * 1000,
               1710238500000001, END * 10 ** 6 - 1, END * 10 ** 6, 10 ** 30]
    numbers += [int(10 ** dice.uniform(8, 15.8)) for _ in range(12)]
    for name in ('epoch_s', 'epoch_ms', 'epoch_us', 'epoch'):
        declare('timestamp', name)
        for number in numbers:
            unit, moment = epoch_of(number)
            expected = shown(moment) if unit is not None and name in (unit, 'epoch') else NO_FORM
            line(dice.choice((number, str(number))), expected)
        for text in ('-1', '1710238500s', '1,710,238,500', '1 710 238 500', '0x10', 'NaN', '1710238500 UTC',
                     '2024-03-12'):
            line(text, NO_FORM)
    declare('timestamp', 'epoch')
    for text in ('1710238500.25', '1710238500.1234567', '1.7102385E9', '1710238500.0'):
        line(text, shown(EPOCH + timedelta(microseconds=int(Fraction(text) * 10 ** 6))))
    print('# under auto from 10^8 seconds on; shorter numbers are days without separators or nothing')
    declare('timestamp', 'auto')
    for number in numbers + [99999999, 10 ** 8, 10 ** 11 - 1, 10 ** 11, 10 ** 14 - 1, 10 ** 14, 20240312, 2024072,
                             123456]:
        unit, moment = epoch_of(number)
        text = str(number)
        days = []
        for digits, form in ((8, '%Y%m%d'), (7, '%Y%j'), (12, '%Y%m%d%H%M'), (14, '%Y%m%d%H%M%S')):
            if len(text) == digits:
                try:
                    days.append(datetime.strptime(text, form))
                except ValueError:
                    days.append(None)
        found = [day for day in days if day is not None]
        if unit is not None and moment >= EPOCH + timedelta(seconds=10 ** 8):
            found.append(moment)
        if len(found) == 1:
            line(number, shown(found[0]))
        elif found:
            line(number, SEVERAL)
        elif len(text) == 4 and unit:
            line(number, NO_DAY)
        else:
            line(number, NO_DATE if days else NO_FORM)
    line('202403121015', SEVERAL)
    line('20240312101500', '=2024-03-12T10:15:00Z')


print('# Made by make_dates.py.')
iso()
iso_refused()
zones()
mail()
sql()
patterns()
auto()
epochs()
names()
assert lines >= 600
