"""Attribute paths of the index policy's grammar: read, write and spell them, in documents and in SQL.

Names are separated by dots, `[n]` is an element, `[*]` all of them, a name with odd characters
stands in double quotes: maintenance.history[*].on, gps[0], "dernier.entretien".
"""
import json
import re

_STEP = re.compile(r'\.?(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[(\*)\])')


def parse(path):
    """The steps of a path: str for a name, int for an element, '*' stands as None."""
    steps, end = [], 0
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None:
            raise ValueError(f'bad path {path!r} at {end}')
        quoted, name, element, _ = match.groups()
        if element is not None:
            steps.append(int(element))
        else:
            steps.append(quoted.replace('""', '"') if quoted is not None else name)
        end = match.end()
    return steps


def values(document, path):
    """Every value the path reaches in the document, in document order."""
    found = [document]
    for step in parse(path):
        reached = []
        for value in found:
            if step is None and isinstance(value, list):
                reached.extend(value)
            elif isinstance(step, int) and isinstance(value, list) and step < len(value):
                reached.append(value[step])
            elif isinstance(step, str) and isinstance(value, dict) and step in value:
                reached.append(value[step])
        found = reached
    return found


def put(document, path, value):
    """Write one value, creating what is missing. At `[*]` it is appended as a new element."""
    _put(document, parse(path), value)


def _put(node, steps, value):
    step, rest = steps[0], steps[1:]
    if not rest:
        child = value
    elif isinstance(step, str) and step in node:
        child = node[step]
    elif isinstance(step, int) and step < len(node):
        child = node[step]
    else:
        child = {} if isinstance(rest[0], str) else []
    if rest:
        _put(child, rest, value)
    if isinstance(step, str):
        node[step] = child
    elif step is None or step == len(node):
        node.append(child)
    else:
        node[step] = child


def _split_append(path):
    """Steps before the first `[*]`, the element to append (a path's rest as nested objects) or None."""
    steps = parse(path)
    if None not in steps:
        return steps, None
    at = steps.index(None)
    return steps[:at], steps[at + 1:]


def _wrap(names, value):
    for name in reversed(names):
        value = {name: value}
    return value


def _text_array(steps):
    return '{%s}' % ','.join(
        s if isinstance(s, str) and re.fullmatch('[A-Za-z_]+', s) and s.lower() != 'null'
        else '"%s"' % s.replace('\\', '\\\\').replace('"', '\\"') if isinstance(s, str) else str(s)
        for s in steps)


def sql_update(path, value, target='item'):
    """The SQL expression that writes the value at the path of a jsonb expression, as put() does."""
    steps, rest = _split_append(path)
    if rest is None:
        element, call, tail = value, 'jsonb_set', ''
    else:
        steps, element, call, tail = steps + [-1], _wrap(rest, value), 'jsonb_insert', ', true'
    return "%s(%s, %s, %s%s)" % (call, target, sql_literal(_text_array(steps)),
                                 sql_literal(json_text(element)), tail)


def store_update(path):
    """(expression, names, wrap) of an UpdateItem that writes :v at the path; wrap shapes the value."""
    steps, rest = _split_append(path)
    names, spelled = {}, ''
    for number, step in enumerate(steps):
        if isinstance(step, int):
            spelled += f'[{step}]'
        else:
            names[f'#n{number}'] = step
            spelled += f'.#n{number}' if spelled else f'#n{number}'
    if rest is None:
        return f'SET {spelled} = :v', names, lambda value: value
    return f'SET {spelled} = list_append({spelled}, :v)', names, lambda value: [_wrap(rest, value)]


def json_text(value):
    """JSON of a document; its Decimals have few digits, so their float spelling is exact."""
    return json.dumps(value, ensure_ascii=False, default=float, separators=(', ', ': '))


def sql_literal(text):
    """A standard SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
