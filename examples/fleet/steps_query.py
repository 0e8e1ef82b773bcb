"""Demo steps that ask: service due, what was rejected, what reading costs."""
from collections import Counter, defaultdict

import verify
from fleet import AS_OF
from reader import read_facts
from schema import POLICY
from session import show_table
from world import service_is_due

# An assumption, not a quote: DynamoDB, on-demand, standard table class, us-east-1, as published since
# November 2024 (0.25 before): US dollars a million read request units.
USD_PER_MILLION_READ_UNITS = 0.125

KIND = 'truck'
DUE = f"s.last_service + i.days < DATE '{AS_OF}'"


def due_in(area):
    """The end of a query: the due vehicles of the kind in an area."""
    return (f"FROM {POLICY} s JOIN service_intervals i USING (kind)\n"
            f"  WHERE s.area = '{area.replace(chr(39), chr(39) * 2)}' AND s.kind = '{KIND}' AND {DUE}")


def service_due(session, world, figures):
    """The OLAP questions, from the index alone."""
    session.step(f'OLAP: service due on {AS_OF}, by an interval per type')
    names, rows, by_area_ms = session.run(
        "SELECT s.area, count(*) AS vehicles,\n"
        f"       count(*) FILTER (WHERE {DUE}) AS due,\n"
        "       count(*) FILTER (WHERE s.last_service IS NULL) AS no_usable_date\n"
        f"  FROM {POLICY} s JOIN service_intervals i USING (kind)\n"
        "  GROUP BY s.area ORDER BY due DESC, s.area")
    show_table(names, rows)
    expected = defaultdict(lambda: [0, 0, 0])
    for vehicle in world.vehicles.values():
        counts = expected[vehicle.truth.area]
        counts[0] += 1
        counts[1] += world.is_due(vehicle.truth)
        counts[2] += vehicle.truth.last_service is None
    session.ledger.equal(f'all {len(rows):,} areas, recomputed',
                         {row[0]: list(row[1:]) for row in rows}, dict(expected))

    names, rows, groups_ms = session.run(
        "SELECT s.area, s.kind, s.model, s.revision, count(*) AS due, min(s.last_service) AS oldest,\n"
        "       max(s.odometer_km) AS max_km\n"
        f"  FROM {POLICY} s JOIN service_intervals i USING (kind)\n"
        f"  WHERE {DUE}\n"
        "  GROUP BY s.area, s.kind, s.model, s.revision\n"
        "  ORDER BY due DESC, oldest, s.area, s.kind, s.model, s.revision")
    show_table(names, rows, width=30)
    groups = defaultdict(list)
    for vehicle in world.vehicles.values():
        truth = vehicle.truth
        if world.is_due(truth):
            groups[truth.area, truth.kind, truth.model, truth.revision].append(truth)
    session.ledger.equal(f'all {len(rows):,} groups of area × type × model × revision, recomputed',
                         {row[:4]: row[4:] for row in rows},
                         {key: (len(due), min(t.last_service for t in due),
                                max((t.odometer_km for t in due if t.odometer_km is not None), default=None))
                          for key, due in groups.items()})
    figures['questions'] = f'{by_area_ms:,.0f} ms by area, {groups_ms:,.0f} ms for {len(rows):,} groups'


def rejections(session, world, figures):
    """What could not be used, by field and reason, with an example; nothing went to quarantine."""
    session.step('What was rejected, and why')
    names, rows, _ = session.run(
        "SELECT r.key AS field, r.value ->> 'reason' AS reason, count(*) AS values,\n"
        "       min(r.value ->> 'value') AS example\n"
        f"  FROM {POLICY} s, jsonb_each(s.rejected) r\n"
        "  GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2")
    show_table(names, rows, limit=30, width=60)
    counts = Counter()
    for field, _, count, _ in rows:
        counts[field] += count
    expected = Counter(fact for v in world.vehicles.values() for fact in v.truth.spoilt)
    session.ledger.equal('values rejected, by field', dict(counts), dict(expected))
    session.ledger.equal('events in quarantine', session.value(
        'SELECT count(*) FROM yottastore.quarantine WHERE policy = %s', (POLICY,)), 0)
    total = sum(counts.values())
    figures['rejected'] = f'{total:,} of {3 * world.size:,} values that can be unusable, 0 events quarantined'


def price(session, world, figures):
    """The same question by Scan and through the index: documents, read units and dollars."""
    area = world.question_area(KIND)
    due = world.due(area, KIND)
    session.step(f'What it costs to read the documents of the due {KIND}s of {area}')
    question = (
        "SELECT v.vehicle_id, v.item FROM vehicles v WHERE v.vehicle_id = ANY (ARRAY(\n"
        f"  SELECT s.vehicle_id {due_in(area)}))")
    _, plan, _ = session.run('EXPLAIN (COSTS OFF)\n' + question)
    print('\n'.join(f'    {line}' for line, in plan))
    session.ledger.check('the documents are fetched by key, in batches',
                         any('Store Operation: BatchGetItem' in line for line, in plan))
    _, rows, index_ms = session.run(question)
    fetched, index_units = verify.batch_get(session, due)
    session.ledger.equal(f'the {len(due)} documents through the index equal BatchGetItem (boto3)',
                         {key: {n: v for n, v in item.items() if n != 'vehicle_id'} for key, item in rows},
                         fetched)
    documents, scan_units = verify.scan_store(session, consistent=False)
    areas = world.fleet.catalog.areas
    facts = {key: read_facts(document, areas) for key, document in documents.items()}
    by_scan = sorted(key for key, f in facts.items() if (f['area'], f['kind']) == (area, KIND)
                     and service_is_due(f['kind'], f['last_service']))
    session.ledger.equal('Scan and a reader of every item find the same vehicles', by_scan, sorted(due))

    def dollars(units):
        return units * USD_PER_MILLION_READ_UNITS / 1e6

    show_table(('way', 'items read', 'read units', 'USD a question', 'USD a million questions'),
               [('Scan', str(len(documents)), scan_units, f'{dollars(scan_units):.9f}',
                 f'{dollars(scan_units) * 1e6:,.2f}'),
                ('index, then BatchGetItem', str(len(due)), index_units, f'{dollars(index_units):.9f}',
                 f'{dollars(index_units) * 1e6:,.2f}')])
    print(f'  (eventually consistent reads at {USD_PER_MILLION_READ_UNITS} USD a million read units)')
    session.ledger.check('the index reads less than the Scan', index_units < scan_units)
    figures['read units'] = (f'{scan_units:,.1f} by Scan, {index_units:,.1f} through the index '
                             f'({scan_units / max(index_units, 0.5):,.0f} times fewer; {index_ms:,.0f} ms)')
