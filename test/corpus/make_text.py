#!/usr/bin/python3
"""Makes text.tsv: text by its normalizers, enumerations, booleans, text[] and jsonb.

    test/corpus/make_text.py > test/corpus/text.tsv

Normal forms, case and combining classes are those of Python's unicodedata and str; white space is Unicode's
property White_Space. Letters whose case mapping takes several letters are mapped by casefold only, as lower
and upper map letter by letter. The words for yes and no are CLDR's (Debian's unicode-cldr-core), in all its
languages; true, false, on and off are the dictionaries' words for them in five. Refused by rule, though CLDR
has it: French o for oui, which looks like a zero.
"""
import json
import random
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

CLDR = Path('/usr/share/unicode/cldr/common/main')
LANGUAGES = ('en', 'it', 'es', 'de', 'fr')
SPACES = ''.join(chr(c) for c in range(0x10000) if chr(c).isspace() and not 0x1C <= c <= 0x1F)

TEXTS = (
    '  Fiat Ducato ', 'CAFFÈ', 'caffe\u0300', 'Crème Brûlée', 'Ångström', '\u212bngstrom', 'A\u030angstrom', 'Łódź', 'Straße',
    'STRASSE', 'GROẞ', 'Œuvre', 'ﬁn', 'Señor\tLópez', 'naïve\u00a0\u00a0 café', '\u3000東京\u3000', 'Ελλάδα', 'ΟΔΥΣΣΕΥΣ', 'ΐ',
    'Ἀχιλλεύς', 'ᾳ', 'Ёлка', 'Й', 'Київ', 'İzmir', 'ısı', 'Iğdır', 'Ǆ', 'ǆ', 'ǅ', '한국', '\u1112\u1161\u11ab', 'が', 'か\u3099',
    'हिन्दी', 'क़', '\u0915\u093c', 'ไม่', 'שָׁלוֹם', 'العَرَبِيَّة', 'q\u0307\u0323', 'q\u0323\u0307', 'o\u0338', 'ø', 'Ω', '\u2126', '\u2028x\u2029',
    '\u1680a\u0085b ', '\u200ba', '①', '²', '½', 'Ⅳ', 'ⓐ', '𝐀', '𐐀', '🚚 Truck', 'a\u0301\u0301', '\u0301a', 'x\ny\r\nz', '', ' ',
    'Ꭰ', 'ꭰ', 'ა', 'Ა', 'K', '\u212a', 'ſ', 'µ', 'ÿ', 'Dž', 'Ňŷ', 'VW-Transporter  T5', 'N° 12', 'Ça', 'Übergröße', 'piñata', 'ẛ\u0323',
)


def nfc(text):
    return unicodedata.normalize('NFC', text)


def by_letter(text, method):
    """None when a letter becomes several."""
    mapped = [method(letter) for letter in nfc(text)]
    return nfc(''.join(mapped)) if all(len(letter) == 1 for letter in mapped) else None


def unaccent(text):
    kept = (c for c in unicodedata.normalize('NFD', text)
            if unicodedata.combining(c) != 1 and unicodedata.combining(c) < 200)
    return nfc(''.join(kept))


def collapse(text):
    return re.sub(f'[{SPACES}]+', ' ', text).strip(' ')


NORMALIZERS = {
    'trim': lambda text: text.strip(SPACES),
    'collapse': collapse,
    'nfc': nfc,
    'lower': lambda text: by_letter(text, str.lower),
    'upper': lambda text: by_letter(text, str.upper),
    'casefold': lambda text: nfc(nfc(text).casefold()),
    'unaccent': unaccent,
}


def fold(text):
    """What two spellings of a word have in common."""
    return collapse(unaccent(unaccent(text).casefold()).replace('ı', 'i'))


def declare(**declaration):
    print('@', json.dumps(declaration, ensure_ascii=False))


def line(raw, expected):
    print(json.dumps(raw, ensure_ascii=False), expected, sep='\t')


def is_(value):
    return '=' + json.dumps(value, ensure_ascii=False)


# ---- normalizers, one by one and in rows -----------------------------------------------------

def normalizers():
    source = random.Random(5)
    letters = [chr(c) for c in range(0xC0, 0x24F)] + [chr(c) for c in range(0x386, 0x3CF)] + [
        chr(c) for c in range(0x400, 0x52F)] + [chr(c) for c in range(0x1E00, 0x1F00)] + [
        chr(c) for c in range(0x300, 0x345)]
    letters = [c for c in letters if unicodedata.category(c) != 'Cn']
    words = [''.join(source.choices(letters, k=6)) for _ in range(20)]
    for name, function in NORMALIZERS.items():
        declare(type='text', normalizers=[name])
        for text in TEXTS + (tuple(words) if name not in ('trim', 'collapse') else ()):
            expected = function(text)
            if expected is not None:
                line(text, is_(expected))
    for names in (('collapse', 'unaccent', 'lower'), ('casefold', 'unaccent', 'trim'), ('upper', 'nfc', 'collapse')):
        declare(type='text', normalizers=names)
        for text in TEXTS[:40]:
            expected = text
            for name in names:
                expected = None if expected is None else NORMALIZERS[name](expected)
            if expected is not None:
                line(text, is_(expected))


# ---- enumerations ----------------------------------------------------------------------------

FUELS = ('Diesel', 'Benzin', 'Électrique', 'gas natural', 'GPL', 'Hybride Essence')
SPELLINGS = (
    'diesel', 'DIESEL', ' Diesel ', 'dïesel', 'benzin', 'BENZIN', 'electrique', 'ÉLECTRIQUE', 'E\u0301lectrique', 'Gas  Natural',
    'GAS\u00a0NATURAL', 'gas\tnatural', 'gasnatural', 'gpl', 'G.P.L.', 'hybride essence', 'HYBRIDE ESSENCE', 'hybride', 'petrol', 'diese',
    'diesel2', 'Diésel',
)


def enumerations():
    declare(type='text', allowed_values=FUELS)
    spelling = {fold(value): value for value in FUELS}
    for text in SPELLINGS:
        known = spelling.get(fold(text))
        line(text, is_(known) if known else '!not one of the allowed values')
    for text in ('', ' \u2003', None):
        line(text, '-')
    line(5, '!not one of the allowed values')
    line(['Diesel'], '!not a scalar')


# ---- synonyms --------------------------------------------------------------------------------

KINDS = {'lorry': 'truck', 'camión': 'truck', 'Straßenbahn': 'tram', 'Ω-bus': 'Bus', 'station  wagon': 'estate'}


def synonyms():
    print('@synonyms', json.dumps({'kinds': KINDS, 'boolean': {'ano': 'true', 'ne': 'false'}}, ensure_ascii=False))
    meanings = {fold(word): meaning for word, meaning in KINDS.items()}
    meanings.update({fold(meaning): meaning for meaning in KINDS.values()})
    words = ('lorry', ' LORRY ', 'Lòrry', 'camion', 'CAMIO\u0301N', 'strassenbahn', 'STRASSENBAHN', '\u2126-BUS', 'ω bus', 'BUS',
             'station\u00a0wagon', 'Station Wagon', 'stationwagon', 'Truck', 'TRAM', 'van', 'Lorry 7.5t', '')
    for names in ((), ('trim', 'upper'), ('unaccent',)):
        declare(type='text', synonyms='kinds', normalizers=names)
        for text in words:
            value = text
            for name in names:
                value = value and NORMALIZERS[name](value)
            if value is not None:
                line(text, is_(meanings.get(fold(value), value)))
    declare(type='text[]', synonyms='kinds')
    line(list(words[:3]) + ['van'], is_(['truck'] * 3 + ['van']))
    declare(type='text', synonyms='others')
    line('lorry', is_('lorry'))
    declare(type='boolean')
    for text, expected in (('Ano', '=true'), ('NÉ', '=false'), ('ano ne', '!not a boolean')):
        line(text, expected)


# ---- booleans --------------------------------------------------------------------------------

WORDS = {
    True: 'true on enabled active vero acceso attivo attivato abilitato verdadero encendido activo activado habilitado wahr ein an '
          'eingeschaltet aktiv aktiviert vrai allumé actif activé t v y 1',
    False: 'false off disabled inactive falso spento inattivo disattivato disabilitato apagado inactivo desactivado deshabilitado '
           'falsch aus ausgeschaltet inaktiv deaktiviert faux éteint inactif désactivé f 0',
}


def posix_words(path):
    """The words and letters of a locale for yes and no."""
    found = {}
    for tag, value in (('yesstr', True), ('nostr', False)):
        for element in ElementTree.parse(path).iterfind(f'./posix/messages/{tag}'):
            for word in (element.text or '').split(':'):
                if word and word != '↑↑↑':
                    found[word] = value
    return found


def spellings(word):
    return dict.fromkeys((word, word.upper(), word.capitalize(), f' {word}\n', unaccent(word)))


def booleans():
    known = {}
    for language in LANGUAGES:
        known.update(posix_words(CLDR / f'{language}.xml'))
    known.pop('o')
    for value, words in WORDS.items():
        known.update(dict.fromkeys(words.split(), value))
    folded = {}
    for word, value in known.items():
        assert folded.setdefault(fold(word), value) == value, word
    declare(type='boolean')
    for word, value in known.items():
        for text in spellings(word):
            line(text, is_(value))
    refused = {'o', 'O', 'maybe', 'yes!', 'yes no', 'x', '2', '-1', '1.0', '00', 'null', 'none', 'verosimile', 'nono', 'truefalse', 'd', 'w'}
    for path in sorted(CLDR.glob('*.xml')):
        if path.stem.split('_')[0] not in LANGUAGES:
            refused.update(word for word in posix_words(path) if fold(word) not in folded)
    for word in sorted(refused):
        line(word, '!not a boolean')
    for value in (True, False):
        line(value, is_(value))
    for number, expected in ((1, '=true'), (0, '=false'), (1.0, '=true'), (2, '!not a boolean'), (-1, '!not a boolean'),
                             (0.5, '!not a boolean'), (10, '!not a boolean')):
        line(number, expected)
    for value in ({}, [True], ['yes']):
        line(value, '!not a scalar')
    for value in (None, '', '\u00a0 '):
        line(value, '-')


# ---- lists and documents ---------------------------------------------------------------------

LISTS = (
    ['ABS', 'ESP'], [' abs ', 'esp', 'ABS'], ['Crème'], 'single', 'a, b', 5, True, 0.5, [], None, '', ['', ' '], [None], [None, 'x', ''],
    ['x', 5, False], ['x', ['y']], [{}], ['x', 'y', {'z': 1}], {}, {'a': 'b'}, ['a\u0000'], 'a\u0000', ['x', None, ['y']], ['ß', 'SS'],
    ['cafe\u0301', 'café'], [[]], [1.0, 2],
)


def scalar_text(value, normalize):
    """The text of a scalar, '' for none; None when it is no scalar."""
    if value is None:
        return ''
    if isinstance(value, (list, dict)):
        return None
    if isinstance(value, bool):
        text = str(value).lower()
    else:
        text = value if isinstance(value, str) else format(Decimal(str(value)).normalize(), 'f')
    text = normalize(text)
    return text if text.strip(SPACES) else ''


def array_of(value, normalize):
    if isinstance(value, dict):
        return '!neither scalars nor a list of them'
    texts = []
    for number, element in enumerate(value if isinstance(value, list) else [value], 1):
        where = f'element {number}: ' if isinstance(value, list) else ''
        if isinstance(element, str) and '\u0000' in element:
            return f'!{where}contains U+0000'
        text = scalar_text(element, normalize)
        if text is None:
            return f'!{where}not a scalar'
        texts += [text] if text else []
    return is_(texts) if texts else '-'


def gathered(document):
    """Of value[*].tags: what it finds, lists among it opened."""
    found = []
    for element in document if isinstance(document, list) else []:
        tags = element.get('tags') if isinstance(element, dict) else None
        found += tags if isinstance(tags, list) else [tags]
    return found


DOCUMENTS = (
    {'model': 'Ducato', 'year': 2019, 'tags': ['a', None]}, [], {}, '', ' text ', 0, -1.5, True, False, None, [[[1], []], {}],
    {'a': {'b': {'c': {'d': ['deep']}}}}, 'a\u0000b', {'k\u0000': 'v\u0000'}, ['\u0000'], {'é': 'e\u0301', 'e\u0301': 'other'},
    {'quote"': 'back\\slash', 'tab\t': '\n'}, '🚚', 12345678901234567890123456789012345678,
)
NUMBERS = ('1e125', '9.99e125', '1e126', '-1e126', '1e999', '1e-130', '-1.5e-130', '1e-169', '1e-999', '0.1', '1.0', '1E+2', '0', '-0',
           '1e999999', '-1E-999999')


def lists_and_documents():
    for names in ((), ('trim', 'casefold', 'unaccent')):
        def normalize(text, names=names):
            for name in names:
                text = NORMALIZERS[name](text)
            return text
        declare(type='text[]', normalizers=names)
        for value in LISTS:
            line(value, array_of(value, normalize))
    declare(type='text[]', paths=['value[*].tags'])
    for value in ([{'tags': 'a'}, {'tags': ['b', 'c']}, {}], [{'tags': []}, {'tags': None}], [{'tags': {'x': 1}}],
                  [{'tags': ['a', ['b']]}], [{'tags': 1}, {'tags': True}], [1, 'x'], {'tags': ['a']}, []):
        line(value, array_of(gathered(value), str))
    declare(type='jsonb')
    for value in DOCUMENTS:
        line(value, '-' if value is None else is_(value).replace('\\u0000', '\ufffd'))
    for text in NUMBERS:
        number = Decimal(text)
        digits = len(number.as_tuple().digits)
        exponent = number.as_tuple().exponent
        kept = digits + exponent <= 126 and -exponent <= 168
        print(f'[{text}]', f'=[{text}]' if kept else f'=["{text}"]', sep='\t')


print('# made by make_text.py')
normalizers()
enumerations()
booleans()
lists_and_documents()
synonyms()
