# UPDATE and DELETE depend on attributes that an item hasn't got: who adds one in between, wins.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('added', conf => 'yottastore.index_scan = off');
create_servers($node);
my $store = unique_name('added');

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub stored { return store_api('GetItem', { TableName => $store, Key => { id => { S => 'race' } }, ConsistentRead => \1 })->{Item}; }

sub fresh
{
	store_api('PutItem', { TableName => $store, Item => { id => { S => 'race' }, odo => { N => '5' }, spec => { M => {} }, @_ } });
	return;
}

# meddle(name, value) is the other writer, who comes between the reading and the writing.
sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id');
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, model text, deep text OPTIONS (path 'extra.deep'), note text, item jsonb OPTIONS (document 'true'))
	SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE other (id text OPTIONS (key 'partition') NOT NULL, item jsonb OPTIONS (document 'true')) SERVER fleet OPTIONS (table '$store');
CREATE FUNCTION meddle(name text, value text DEFAULT '{"d": "x"}') RETURNS boolean LANGUAGE plpgsql AS \$\$
BEGIN
	UPDATE other SET item = item || jsonb_build_object(name, value::jsonb) WHERE id = 'race';
	RETURN true;
END \$\$;
SELECT yottastore.create_index_policy('p', 'v', NULL, ARRAY[
	yottastore.field('odo', 'numeric'), yottastore.field('last', 'text', ARRAY['service.last', 'svc', 'spec.last']),
	yottastore.field('doors', 'numeric')], area => yottastore.area_from_value(ARRAY['zone'], level => 'country'));
SELECT yottastore.create_index_policy('everything', 'v', NULL, ARRAY[yottastore.field('odo', 'numeric'), yottastore.field('last', 'text', ARRAY['svc'])],
	attributes => 'all');
SELECT yottastore.add_index_columns('p', 'p_'), yottastore.add_index_columns('everything', 'e_');
CREATE TABLE parent (id text NOT NULL, item jsonb, model text, deep text, note text) PARTITION BY LIST (id);
CREATE FOREIGN TABLE child (item jsonb OPTIONS (document 'true'), id text OPTIONS (key 'partition') NOT NULL, deep text OPTIONS (path 'extra.deep'), note text, model text)
	SERVER fleet OPTIONS (table '$store');
ALTER TABLE parent ATTACH PARTITION child FOR VALUES IN ('race');
END

my $lost = qr/(?:40001|40003): an item of "$store" was changed after it was read/;

sub says
{
	my ($statement, @more) = @_;
	fresh(@more);
	my (undef, undef, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
	return $stderr;
}

# A DELETE and an UPDATE of rows for which a condition holds, when an attribute is added meanwhile.
sub loses
{
	my ($condition, $added, $what, %how) = @_;
	my $from = $how{table} // 'v';
	my $where = "WHERE id = 'race' AND $condition AND meddle($added)";
	like(says("DELETE FROM $from $where"), $lost, "DELETE: $what");
	ok(stored(), '... deletes nothing');
	like(says("UPDATE $from SET note = 'n' $where"), $lost, "UPDATE: $what");
	is(stored()->{note}, undef, '... changes nothing');
	return;
}

# ---- computed columns ------------------------------------------------------------------------

loses("p_last IS NULL AND p_odo = 5", "'service', '{\"last\": \"2026\"}'", 'the first of a field\'s paths');
loses("p_last IS NULL AND p_odo = 5", "'svc', '\"2026\"'", 'another of them');
loses("p_last IS NULL", "'spec', '{\"last\": \"2026\"}'", 'within an attribute that was there');
loses("p_area = 'unlocated'", "'zone', '\"Italy\"'", 'what the area is made from');
loses("p_rejected IS NULL", "'doors', '\"many\"'", 'what is rejected');
loses("e_last IS NULL", "'svc', '\"2026\"'", 'of a policy that keeps all attributes');

# ---- documents -------------------------------------------------------------------------------

foreach my $condition ("NOT item ? 'c'", "item->>'c' IS NULL", "item->'c'->>'d' IS NULL", "item #>> '{c,d}' IS NULL", "item #> '{c}' IS NULL",
	"item['c']['d'] IS NULL", "NOT item ?| '{b,c}'", "NOT item ?& '{odo,c}'", "NOT item @> '{\"c\": {}}'", "NOT '{\"c\": {}}' <@ item",
	"jsonb_extract_path_text(item, 'c', 'd') IS NULL", "coalesce(item->>lower('C'), 'none') = 'none'")
{
	loses($condition, "'c'", $condition);
}
like(says("UPDATE v SET note = coalesce(item->>'c', 'none') WHERE id = 'race' AND meddle('c')"), $lost, 'what a new value is made from');
loses("item->>'odo' = '5' AND model IS NULL", "'model', '\"m\"'", 'a column beside the document');
loses("p_odo = 5 AND model IS NULL", "'model', '\"m\"'", 'a column beside a computed one');
loses("item ? 'odo' AND deep IS NULL", "'extra', '{\"deep\": \"m\"}'", 'a nested column');
loses("NOT item ? 'c'", "'c'", 'of a partition', table => 'parent');
loses("item ? 'odo' AND model IS NULL", "'model', '\"m\"'", 'a column of one', table => 'parent');

# What a view asks, also one whose conditions come first.
foreach my $option ('false', 'true')
{
	sql("CREATE OR REPLACE VIEW w WITH (security_barrier = $option) AS SELECT * FROM v WHERE model IS NULL AND NOT item ? 'c' AND p_last IS NULL");
	loses("note IS NULL", $_, "of a view, security_barrier $option", table => 'w') foreach "'model', '\"m\"'", "'c'", "'svc', '\"2026\"'";
}

# The name may be a parameter, also of a generic plan.
foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	foreach my $parameter ('text', 'varchar')
	{
		like(says("SET plan_cache_mode = $mode; PREPARE s($parameter) AS DELETE FROM v WHERE id = 'race' AND NOT item ? \$1 AND meddle('c'); EXECUTE s('c')"),
			$lost, "a parameter: $mode, $parameter");
	}
}
like(says("SET plan_cache_mode = force_generic_plan; DO \$\$ DECLARE name text := 'c'; BEGIN DELETE FROM v WHERE id = 'race' AND item->>name IS NULL AND meddle('c'); END \$\$"),
	$lost, 'a variable');

# Expressions longer than the store takes.
my $names = join ',', map { "n$_" } 1 .. 600;
loses("NOT item ?| '{$names}'", "'n600'", 'one of many names');
is(says("UPDATE v SET note = 'n' WHERE id = 'race' AND NOT item ?| '{$names}'"), '', '... of which none is added');
is(stored()->{note}{S}, 'n', '... is changed');

# ---- documents that jsonb can't hold ----------------------------------------------------------

# Of such an item only columns are known: they tell whether it still is what was read.
my @unshown = (blob => { S => "a\0b" });
sub loses_unshown
{
	my ($condition, $set, $what, $from) = @_;
	my $where = "WHERE id = 'race' AND $condition AND meddle_with(\$\$$set\$\$)";
	foreach my $statement ("DELETE FROM $from $where", "UPDATE $from SET note = 'n' $where")
	{
		like(says($statement, @unshown), $lost, "$what, of $from: " . substr($statement, 0, 6));
		ok(stored() && !stored()->{note}, '... changes nothing');
	}
	return;
}
sql(<<"END");
CREATE FOREIGN TABLE raw (id text OPTIONS (key 'partition') NOT NULL, odo numeric, svc text, doors text, blob text, unrelated text) SERVER fleet OPTIONS (table '$store');
CREATE FUNCTION meddle_with(assignment text) RETURNS boolean LANGUAGE plpgsql AS \$\$
BEGIN
	EXECUTE format('UPDATE raw SET %s WHERE id = ''race''', assignment);
	RETURN true;
END \$\$;
CREATE TABLE computed (p_odo numeric, id text NOT NULL, note text, p_last text, e_odo numeric, p_rejected jsonb, model text, item jsonb) PARTITION BY LIST (id);
CREATE FOREIGN TABLE computed_part (id text OPTIONS (key 'partition') NOT NULL, note text, model text, item jsonb OPTIONS (document 'true'), p_rejected jsonb OPTIONS (field 'q.rejected'),
	e_odo numeric OPTIONS (field 'all_of_part.odo'), p_last text OPTIONS (field 'q.last'), p_odo numeric OPTIONS (field 'q.odo')) SERVER fleet OPTIONS (table '$store');
ALTER TABLE computed ATTACH PARTITION computed_part FOR VALUES IN ('race');
SELECT yottastore.create_index_policy('q', 'computed_part', NULL, ARRAY[yottastore.field('odo', 'numeric'), yottastore.field('last', 'text', ARRAY['svc']),
	yottastore.field('doors', 'numeric')]);
SELECT yottastore.create_index_policy('all_of_part', 'computed_part', NULL, ARRAY[yottastore.field('odo', 'numeric')], attributes => 'all');
END
is(says("DO \$\$ BEGIN ASSERT (SELECT item IS NULL AND p_odo = 5 FROM v WHERE id = 'race'); END \$\$", @unshown), '', 'a document reads as NULL');
foreach my $from ('v', 'computed')
{
	loses_unshown('p_odo = 5', 'odo = 6', 'a computed column', $from);
	loses_unshown('p_odo = 5 AND p_last IS NULL', "svc = '2026'", 'one that was NULL', $from);
	loses_unshown('p_rejected IS NULL', "doors = 'many'", 'what is rejected', $from);
	loses_unshown('p_odo = 5 AND e_odo = 5', 'odo = 6', 'of two policies', $from);
	loses_unshown('p_odo = 5', 'blob = NULL', 'a document that can be shown meanwhile', $from);
	loses_unshown('item IS NULL', 'blob = NULL', 'the document', $from);
	my $where = "WHERE id = 'race' AND p_odo = 5 AND p_last IS NULL";
	is(says("UPDATE $from SET note = p_odo::text $where AND meddle_with(\$\$unrelated = 'x'\$\$)", @unshown), '', 'others may be added');
	is_deeply([ @{ stored() }{qw(note unrelated blob)} ], [ { S => '5' }, { S => 'x' }, { S => "a\0b" } ], '... and both changes stand');
	is(says("DELETE FROM $from $where", @unshown), '', 'an item is deleted');
	is(stored(), undef, '... which nobody has changed');
}

# ---- what may happen -------------------------------------------------------------------------

foreach my $condition ("p_odo = 5", "NOT item ? 'c'", "NOT item ?| ARRAY[NULL, '', '" . 'c' x 70_000 . "']", "item->>'id' = 'race'", "item->>NULL IS NULL")
{
	is(says("UPDATE v SET note = 'n', model = 'm' WHERE id = 'race' AND $condition AND meddle('unrelated')"), '', substr("others are added: $condition", 0, 60));
	is_deeply([ sort keys %{ stored() } ], [qw(id model note odo spec unrelated)], '... and both changes stand');
}
my $update = q(UPDATE v SET item = item || '{"c": 1}' WHERE id = 'race' AND NOT item ? 'c' AND p_last IS NULL);
foreach my $more ([], [ tags => { SS => ['s'] } ])
{
	is(says($update, @$more), '', 'what was not there is written');
	is(stored()->{c}{N}, 1, '... once');
}
is_deeply(stored()->{tags}, { SS => ['s'] }, '... beside types that the document doesn\'t say');
like(says("$update AND meddle('svc', '\"2026\"')", tags => { SS => ['s'] }), $lost, '... but not when another is added');

store_api('DeleteTable', { TableName => $store });
$node->stop;
done_testing();
