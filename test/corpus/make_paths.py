#!/usr/bin/env python3
"""Makes paths.tsv: paths into documents, followed here by another reading of the same grammar.

    test/corpus/make_paths.py > test/corpus/paths.tsv

A path is names separated by dots, [n] an element, [*] all of them; a name with odd characters stands
in double quotes. What is not there, or is null, is nothing; a value of the wrong kind is refused, and
the first that can be used counts.
"""
import json
import re

DOCUMENTS = (
    {'a': {'b': {'c': 'deep'}}, 'b': 'shallow', 'list': [{'on': 'x'}, {'on': None}, {'on': 'z'}]},
    {'a': [{'b': 'first'}, {'b': 'second'}], 'list': ['p', 'q', 'r'], 'b': {'c': 5}},
    {'a.b': 'dotted', 'a': {'b.c': 'inner', 'b"c': 'quote', 'b\\c': 'slash', ' ': 'space'}},
    {'list': [], 'a': None, 'b': [[['nested'], ['more']], [['again']]], 'tür': 'Umlaut', '$x:y@z-1': 'odd'},
    {'list': [[], [None], {'on': []}, {'on': ['late']}], 'a': {'b': True}},
    'no document', 7, None, [], ['element', {'b': 'of a list'}],
)
PATHS = (
    'a', 'b', 'a.b', 'a.b.c', 'b.c', 'a[0]', 'a[1].b', 'a[*].b', 'list[0]', 'list[2]', 'list[3]', 'list[*]',
    'list[*].on', 'list[*].on[0]', 'list[*].on[*]', 'list[9999999]', '"a.b"', 'a."b.c"', 'a."b\\"c"',
    'a."b\\\\c"', 'a." "', 'b[*][*][0]', 'b[0][1][0]', 'b[*][0][*]', 'tür', '$x:y@z-1', 'missing',
    'missing.a[*]', '[0]', '[1].b', '[*]', '[*].b',
)
STEP = re.compile(r'\.(?:"((?:[^"\\]|\\.)*)"|([^."\[\]]+))|\[(\d+|\*)\]')


def steps(path):
    for quoted, name, index in STEP.findall(path if path.startswith('[') else '.' + path):
        yield index if index == '*' else int(index) if index else name or re.sub(r'\\(.)', r'\1', quoted)


def follow(document, path):
    found = [document]
    for step in steps(path):
        reached = []
        for value in found:
            if step == '*' and isinstance(value, list):
                reached += value
            elif isinstance(step, int) and isinstance(value, list):
                reached += value[step:step + 1]
            elif isinstance(step, str) and isinstance(value, dict) and step in value:
                reached.append(value[step])
        found = reached
    return [value for value in found if value is not None]


def expected(found):
    """Of a text field: the first scalar, and that something before it was none."""
    refused = False
    for value in found:
        if not isinstance(value, (dict, list)):
            text = value if isinstance(value, str) else json.dumps(value)
            return '=' + json.dumps(text, ensure_ascii=False) + (' !not a scalar' if refused else '')
        refused = True
    return '!not a scalar' if refused else '-'


print('# made by make_paths.py')
for path in PATHS:
    declared = f'value{path}' if path.startswith('[') else f'value.{path}'
    print('@', json.dumps({'type': 'text', 'paths': [declared]}, ensure_ascii=False))
    for document in DOCUMENTS:
        print(json.dumps(document, ensure_ascii=False), expected(follow(document, path)), sep='\t')
