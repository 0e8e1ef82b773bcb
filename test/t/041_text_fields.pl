# Text with synonyms, enumerations, text[] and jsonb: the same from backfill and worker, and from the
# words as they are when an item comes.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaTest;

my $node = new_node('text_fields');
my $table = unique_name('vehicles');
create_fleet($node, table => $table, topic => unique_name('vehicles'));

sub query { return $node->safe_psql('postgres', $_[0]); }

my @columns = qw(kind fuel tags active spec rejected);

sub row
{
	my ($id) = @_;
	return query('SELECT ' . join(', ', @columns) . " FROM vehicle_service WHERE vehicle_id = '$id'");
}

# ---- the same item from backfill and from the stream -------------------------------------------

my %items = (
	full => {
		type => { S => " Furg\x{f3}n" },
		fuel => { S => 'GASOLIO' },
		tags => { SS => [ 'b "quoted"', 'A,1', "cr\x{e8}me", 'NULL', '{x}' ] },
		active => { S => "S\x{ec}" },
		spec => {
			M => {
				n => { N => '12345678901234567890.5' },
				l => { L => [ { S => "a\x{0}b" }, { NULL => \1 }, { BOOL => \0 } ] },
				b => { B => 'AAE=' },
				s => { NS => [ '10', '9' ] }
			}
		}
	},
	listed => {
		type => { S => 'van' },
		fuel => { S => "\x{e9}lectrique" },
		options => { L => [ { M => { code => { S => 'X' } } }, { M => {} }, { M => { code => { N => '7.0' } } } ] },
		active => { S => 'spento' },
		spec => { S => 'text' }
	},
	refused => {
		type => { S => 'bus' },
		fuel => { S => 'steam' },
		tags => { L => [ { S => 'a' }, { M => {} } ] },
		active => { N => '2' }
	},
	empty => { type => { S => '' }, tags => { L => [] }, spec => { NULL => \1 } });
my %expected = (
	full => 'truck|Diesel|{"a,1","null","b \\"quoted\\"",creme,"{x}"}|t|'
	  . '{"b": "AAE=", "l": ["a' . "\x{fffd}" . 'b", null, false], "n": 12345678901234567890.5, "s": [9, 10]}|',
	listed => "van|\x{c9}lectrique|{x,7}|f|" . '"text"|',
	refused => 'bus|||||{"fuel": {"value": "steam", "reason": "not one of the allowed values"}, '
	  . '"tags": {"value": ["a", {}], "reason": "element 2: not a scalar"}, '
	  . '"active": {"value": 2, "reason": "not a boolean"}}',
	empty => '|||||');
utf8::encode($_) foreach values %expected;

query(<<"END");
INSERT INTO yottastore.synonyms VALUES ('kinds', 'furgon', 'truck'), ('fuels', 'gasolio', 'diesel');
END
put_vehicle($table, $_, $items{$_}) foreach keys %items;
query(<<"END");
SELECT yottastore.create_index_policy('vehicle_service', 'vehicles', 'fleet_changes', fields => ARRAY[
  yottastore.field('kind', 'text', ARRAY['type'], normalizers => ARRAY['trim', 'lower'], synonyms => 'kinds'),
  yottastore.field('fuel', 'text', synonyms => 'fuels', allowed_values => ARRAY['Diesel', 'Petrol', U&'\\00C9lectrique']),
  yottastore.field('tags', 'text[]', ARRAY['tags', 'options[*].code'], normalizers => ARRAY['unaccent', 'casefold'], index => 'gin'),
  yottastore.field('active', 'boolean'),
  yottastore.field('spec', 'jsonb', index => 'gin')])
END
wait_for_index($node, 'backfill');
is(row($_), $expected{$_}, "$_: from backfill") foreach sort keys %items;
is( query(q{SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
FROM pg_attribute WHERE attrelid = 'vehicle_service'::regclass AND attname IN ('tags', 'spec')}),
	'tags text[], spec jsonb', 'their columns are of their types');

put_vehicle($table, "live_$_", $items{$_}) foreach keys %items;
wait_for_index($node, 'live changes');
is(row("live_$_"), $expected{$_}, "$_: from the stream") foreach sort keys %items;
is(query(q{SELECT string_agg(vehicle_id, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE tags @> '{creme}'}),
	'full live_full', 'elements are found');
is(query(q{SELECT string_agg(vehicle_id, ' ' ORDER BY vehicle_id) FROM vehicle_service WHERE spec @> '{"s": [9]}'}),
	'full live_full', 'documents are');

# ---- words that change while the worker runs ---------------------------------------------------

# What becomes of an item that is written after a statement; a write that changes nothing is no event.
my $writes = 0;

sub follows
{
	my ($statement, $type, $kind, $name) = @_;
	query($statement);
	put_vehicle($table, 'word', { type => { S => $type }, writes => { N => ++$writes } });
	wait_for_index($node, $name);
	is(query("SELECT kind FROM vehicle_service WHERE vehicle_id = 'word'"), $kind, $name);
	return;
}

follows('SELECT', 'Camion', 'camion', 'a word that nobody has listed');
follows("INSERT INTO yottastore.synonyms VALUES ('kinds', 'camion', 'truck')", 'Camion', 'truck', 'one that was added');
follows("UPDATE yottastore.synonyms SET meaning = 'lorry' WHERE list = 'kinds'", 'Camion', 'lorry', 'that means something else');
follows("DELETE FROM yottastore.synonyms WHERE word = 'camion'", 'Camion', 'camion', 'that was removed');
follows('TRUNCATE yottastore.synonyms', 'furgon', 'furgon', 'with all others');

query("INSERT INTO yottastore.synonyms VALUES ('kinds', 'furgon', 'truck'), ('boolean', 'oc', 'true')");
my ($code, $stdout, $stderr) =
  $node->psql('postgres', "INSERT INTO yottastore.synonyms VALUES ('kinds', 'Furgon', 'van')");
like($stderr, qr/synonym "Furgon" of list "kinds" has two meanings/, 'two meanings are refused');
follows('SELECT', 'FURGON', 'truck', 'what was refused changes nothing');
put_vehicle($table, 'word', { active => { S => "\x{d2}c" } });
wait_for_index($node, 'a boolean');
is(query("SELECT active FROM vehicle_service WHERE vehicle_id = 'word'"), 't', 'booleans have a list of their own');
is(query('SELECT phase, reason FROM yottastore.index_policies'), 'LIVE|', 'the policy went on all along');
is(query("SELECT kind FROM vehicle_service WHERE vehicle_id = 'full'"), 'truck', 'rows that are there keep what they have');

# ---- in a dump ---------------------------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'the database can be dumped');
query('CREATE DATABASE restored');
($code, $stdout, $stderr) = $node->psql('restored', undef, extra_params => [ '-f', $dump ], on_error_stop => 1);
is($code, 0, 'and restored') or diag($stderr);
is( $node->safe_psql('restored', 'SELECT list, word, meaning FROM yottastore.synonyms ORDER BY list'),
	"boolean|oc|true\nkinds|furgon|truck", 'with the synonyms');

$node->stop;
done_testing();
