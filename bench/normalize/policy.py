"""The policy that documents of the example fleet are measured under."""
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'examples' / 'fleet'))

# pylint: disable=wrong-import-position
import makers
import schema
from catalog import Catalog

LITERAL = r"'((?:[^']|'')*)'"
FIELD = re.compile(rf"yottastore\.field\({LITERAL}, {LITERAL},((?:[^')]|{LITERAL})*)\)")
OPTION = re.compile(rf"(\w+) => (?:{LITERAL}|ARRAY\[((?:{LITERAL}(?:, )?)*)\])")


def text_of(literal):
    """What an SQL literal's inside says."""
    return literal.replace("''", "'")


def demo_fields():
    """The fields of the demo's policy, from its SQL to what the catalog has of it."""
    for name, kind, options, _ in FIELD.findall(schema.create_policy()):
        field = {'name': name, 'type': kind}
        for option, text, texts, _ in OPTION.findall(options):
            field[option] = [text_of(each) for each in re.findall(LITERAL, texts)] if texts else text_of(text)
        yield field


def of_catalogue(specs, name, behind=''):
    """The paths at which the makers have an attribute of the catalogue."""
    return sorted({makers.attribute_path(spec['make'], name) + behind for spec in specs})


def declaration():
    """The demo's policy, and six fields more that all makers have under names of their own."""
    specs = Catalog().specs
    more = (('vin', 'text', 'Vin', '', {}), ('serial_number', 'numeric', 'SerialNumber', '', {}),
            ('in_service', 'boolean', 'InService', '', {}),
            ('tyre_pressure', 'numeric', 'TyrePressures', '[*]', {'combine': 'max'}),
            ('model_year', 'numeric', 'ModelYears', '.from', {}),
            ('body_class', 'text', 'BodyClass', '', {'normalizers': ['trim', 'lower']}))
    pairs = [style.where for style in makers.STYLES if style.shape == 'lat, lon']
    fields = list(demo_fields())
    assert len(fields) == 6, fields
    return {
        'fields': fields + [{'name': name, 'type': kind, 'paths': of_catalogue(specs, attribute, behind), **rules}
                            for name, kind, attribute, behind, rules in more],
        'area': {'kind': 'location', 'level': 'country',
                 'lat': [lat for lat, _ in pairs], 'lon': [lon for _, lon in pairs],
                 'paths': [style.where[0] for style in makers.STYLES if style.shape != 'lat, lon']},
    }
