# Columns of every SQL type over values of every type of the store: what fits reads as itself, what
# doesn't is NULL and counted, or an error; and what columns of each type write.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaTest;

my $node = new_node('columns', conf => "timezone = 'UTC'\n");
create_servers($node);
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');

sub sql { return $node->safe_psql('postgres', $_[0]); }

# All that psql says of a statement that may fail.
sub sql_says
{
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$_[0]");
	return $error;
}

my ($read, $written) = map { unique_name($_) } qw(column_types column_writes);
sql("SELECT yottastore.create_store_table('fleet', '$_', 'id', stream => false)") foreach $read, $written;
sql("CREATE TYPE colour AS ENUM ('red', 'green'); CREATE DOMAIN positive AS numeric CHECK (VALUE > 0); CREATE DOMAIN name_of AS text");

# ---- reading -----------------------------------------------------------------------------------

my $huge = '9.9999999999999999999999999999999999999E+125';
my %values = (
	missing => undef, null => { NULL => JSON::PP::true },
	text => { S => "gr\x{fc}n" }, empty => { S => '' }, zero => { S => "a\0b" }, abc => { S => 'abc  ' },
	day => { S => '2024-03-12' }, moment => { S => '2024-03-12T23:30:00.75-02:00' }, uuid => { S => 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' },
	five => { S => '5' }, true => { S => 'true' }, red => { S => 'red' }, address => { S => '10.0.0.1' }, json => { S => '{"a": 1}' },
	answer => { N => '42' }, minus => { N => '-1.55' }, digits => { N => '12345678901234567890123456789012345678' },
	most => { N => '9223372036854775807' }, over => { N => '9223372036854775808' }, milliard => { N => '3000000000' },
	huge => { N => $huge }, tiny => { N => '1E-130' }, halfway => { N => '1.000000059604644776' }, power => { N => '1E3' },
	bytes => { B => 'AAH/' }, no_bytes => { B => '' }, yes => { BOOL => JSON::PP::true }, no => { BOOL => JSON::PP::false },
	map => { M => { a => { L => [ { N => '1' } ] } } }, no_map => { M => {} }, no_list => { L => [] },
	strings => { L => [ { S => 'b' }, { NULL => JSON::PP::true }, { S => 'a' } ] }, numbers => { L => [ { N => '2' }, { N => '1' } ] },
	mixed => { L => [ { S => 'a' }, { N => '1' } ] }, nested => { L => [ { L => [ { N => '1' } ] } ] }, days => { L => [ { S => '2024-03-12' } ] },
	string_set => { SS => [ 'b', 'a' ] }, number_set => { NS => [ '10', '9.5' ] }, binary_set => { BS => [ '/w==', 'AAE=' ] });
store_api('PutItem', { TableName => $read, Item => { id => { S => $_ }, $values{$_} ? (v => $values{$_}) : () } }) foreach keys %values;

# The two texts that json has for it, and jsonb; typed, by store value.
my %json = (
	text => "\"gr\x{fc}n\"", empty => '""', abc => '"abc  "', day => '"2024-03-12"', moment => '"2024-03-12T23:30:00.75-02:00"',
	uuid => '"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"', five => '"5"', true => '"true"', red => '"red"', address => '"10.0.0.1"', json => '"{\"a\": 1}"',
	answer => '42', minus => '-1.55', digits => '12345678901234567890123456789012345678', most => '9223372036854775807',
	over => '9223372036854775808', milliard => '3000000000', huge => '9' x 38 . '0' x 88, halfway => '1.000000059604644776', tiny => '0.' . '0' x 129 . '1', power => '1000',
	bytes => '"AAH/"', no_bytes => '""', yes => 'true', no => 'false', map => '{"a": [1]}', no_map => '{}', no_list => '[]',
	strings => '["b", null, "a"]', numbers => '[2, 1]', mixed => '["a", 1]', nested => '[[1]]', days => '["2024-03-12"]',
	string_set => '["a", "b"]', number_set => '[9.5, 10]', binary_set => '["AAE=", "/w=="]');
my %numbers = map { $_ => $json{$_} } qw(answer minus digits most over milliard huge tiny halfway power);
my %texts = map { $_ => $values{$_}{S} } qw(text empty abc day moment uuid five true red address json);
my %expected = (
	'text' => \%texts, 'name_of' => \%texts,
	'varchar(4)' => { map { length $texts{$_} <= 4 ? ($_ => $texts{$_}) : () } keys %texts },
	'char(6)' => { map { length $texts{$_} <= 6 ? ($_ => sprintf('%-6s', $texts{$_})) : () } keys %texts },
	'smallint' => { answer => 42, power => 1000 }, 'integer' => { answer => 42, power => 1000 },
	'bigint' => { answer => 42, power => 1000, most => '9223372036854775807', milliard => '3000000000' },
	'numeric' => \%numbers, 'positive' => undef,
	'numeric(6,1)' => { answer => '42.0', minus => '-1.6', tiny => '0.0', halfway => '1.0', power => '1000.0' },
	'real' => { answer => 42, minus => -1.55, digits => '1.2345678e+37', most => '9.223372e+18', over => '9.223372e+18', milliard => '3e+09', tiny => '0', halfway => '1.0000001', power => 1000 },
	'double precision' => { answer => 42, minus => -1.55, digits => '1.2345678901234568e+37', most => '9.223372036854776e+18', over => '9.223372036854776e+18',
		milliard => '3000000000', huge => '1e+126', tiny => '1e-130', halfway => '1.0000000596046448', power => 1000 },
	'boolean' => { yes => 't', no => 'f' }, 'bytea' => { bytes => '\x0001ff', no_bytes => '\x' },
	'date' => { day => '2024-03-12', moment => '2024-03-13' },
	'timestamp' => { day => '2024-03-12 00:00:00', moment => '2024-03-13 01:30:00.75' },
	'timestamp(0)' => { day => '2024-03-12 00:00:00', moment => '2024-03-13 01:30:01' },
	'timestamptz' => { day => '2024-03-12 00:00:00+00', moment => '2024-03-13 01:30:00.75+00' },
	'uuid' => { uuid => 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' }, 'colour' => { red => 'red' },
	'jsonb' => \%json, 'json' => \%json,
	'text[]' => { strings => '{b,NULL,a}', no_list => '{}', days => '{2024-03-12}', string_set => '{a,b}' },
	'integer[]' => { numbers => '{2,1}', no_list => '{}' },
	'numeric[]' => { numbers => '{2,1}', no_list => '{}', number_set => '{9.5,10}' },
	'bytea[]' => { no_list => '{}', binary_set => '{"\\\\x0001","\\\\xff"}' },
	'date[]' => { no_list => '{}', days => '{2024-03-12}' },
	'jsonb[]' => { map { $_ => undef } qw(no_list strings numbers mixed nested days string_set number_set binary_set) },
	'inet' => { address => '10.0.0.1' }, 'interval' => { five => '00:00:05' }, 'time' => undef, 'colour[]' => { no_list => '{}' });
# whose constraint is checked on each row, or whose texts are others'
delete @expected{qw(positive time)};
$expected{'jsonb[]'} = { no_list => '{}', strings => '{"\"b\"",NULL,"\"a\""}', numbers => '{2,1}', mixed => '{"\"a\"",1}', nested => '{[1]}',
	days => '{"\"2024-03-12\""}', string_set => '{"\"a\"","\"b\""}', number_set => '{9.5,10}', binary_set => '{"\"AAE=\"","\"/w==\""}' };

# Types without a conversion of their own throw what their input function throws before PostgreSQL 16.
my %foreign = map { $_ => 1 } qw(inet interval);

foreach my $type (sort keys %expected)
{
	my %wanted = %{ $expected{$type} };
	if ($foreign{$type} && $version < 160000)
	{
		sql("CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, v $type) SERVER fleet OPTIONS (table '$read')");
		my ($id) = keys %wanted;
		is(sql("SELECT v FROM t WHERE id = '$id'"), $wanted{$id}, "$type from its text");
		like(sql_says("SELECT v FROM t WHERE id = 'text'"), qr/22\w+: .*invalid input syntax/, '... throws at another before PostgreSQL 16');
		is(sql("SELECT v FROM t WHERE id = 'answer'"), '', '... and is NULL where there is no text');
		sql('DROP FOREIGN TABLE t');
		next;
	}
	sql("CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, v $type) SERVER fleet OPTIONS (table '$read');"
		  . "CREATE FOREIGN TABLE strict (id text OPTIONS (key 'partition') NOT NULL, v $type OPTIONS (on_mismatch 'error')) SERVER fleet OPTIONS (table '$read')");
	my $text = sql("SELECT json_object_agg(id, format('%s', v)) FROM t WHERE v IS NOT NULL");
	my $got = JSON::PP->new->utf8->decode($text || '{}');
	is_deeply($got, \%wanted, "what fits $type");

	my @misfits = grep { $_ ne 'missing' && $_ ne 'null' && !exists $wanted{$_} } sort keys %values;
	like(sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT v FROM t"), qr/Mismatches: ${\ scalar @misfits}\n/, '... what does not is counted')
	  if @misfits;
	is(sql("DO \$\$ DECLARE x text; refused text := ''; BEGIN FOREACH x IN ARRAY '{" . join(',', sort keys %values) . "}'::text[] LOOP BEGIN"
			  . " PERFORM v FROM strict WHERE id = x; EXCEPTION WHEN fdw_invalid_data_type THEN refused := refused || x || ','; END; END LOOP;"
			  . " CREATE TEMP TABLE refusals AS SELECT refused; END \$\$; SELECT refused FROM refusals"),
		join('', map { "$_," } @misfits), '... or an error');
	sql('DROP FOREIGN TABLE t, strict');
}

sql("CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition') NOT NULL, v positive) SERVER fleet OPTIONS (table '$read')");
is(sql("SELECT v FROM t WHERE id = 'answer'"), 42, "a domain's value");
like(sql_says("SELECT v FROM t WHERE id = 'minus'"), qr/23514.*positive/, '... that its constraint refuses');

# ---- writing -----------------------------------------------------------------------------------

my @writes = (
	[ 'text', "'x'", { S => 'x' } ], [ 'text', "''", { S => '' } ], [ 'varchar(3)', "'abc'", { S => 'abc' } ], [ 'char(5)', "'ab'", { S => 'ab' } ],
	[ 'smallint', -32768, { N => '-32768' } ], [ 'integer', 2147483647, { N => '2147483647' } ],
	[ 'bigint', '-9223372036854775808', { N => '-9223372036854775808' } ], [ 'bigint', '9007199254740993', { N => '9007199254740993' } ],
	[ 'numeric', '12345678901234567890123456789012345678', { N => '12345678901234567890123456789012345678' } ],
	[ 'numeric', '0.10000000000000000000000000000000000001', { N => '0.10000000000000000000000000000000000001' } ],
	[ 'numeric(5,1)', '2.25', { N => '2.3' }, 'v = 2.3' ], [ 'real', '0.1', { N => '0.1' }, "v = '0.1'" ], [ 'double precision', '1e100', undef, 'v = 1e100' ],
	[ 'numeric', '-9.9999999999999999999999999999999999999e125', undef, "v = -9.9999999999999999999999999999999999999e125" ],
	[ 'numeric', '1e-130', undef, 'v = 1e-130' ],
	[ 'boolean', 'false', { BOOL => JSON::PP::false } ], [ 'bytea', "'\\x000100'", { B => 'AAEA' } ], [ 'bytea', "''", { B => '' } ],
	[ 'date', "'2024-02-29'", { S => '2024-02-29' } ], [ 'timestamp', "'2024-02-29 12:00:00.5'", { S => '2024-02-29T12:00:00.5' } ],
	[ 'timestamptz', "'2024-02-29 12:00+02'", { S => '2024-02-29T10:00:00+00:00' } ],
	[ 'uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", { S => 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' } ], [ 'colour', "'green'", { S => 'green' } ],
	[ 'inet', "'10.0.0.1'", { S => '10.0.0.1' } ], [ 'interval', "'1 day 2 hours'", { S => '1 day 02:00:00' } ], [ 'positive', '5', { N => '5' } ],
	[ 'jsonb', q('{"b": [1, null], "a": {}}'), { M => { a => { M => {} }, b => { L => [ { N => '1' }, { NULL => JSON::PP::true } ] } } } ],
	[ 'json', q('{"b": 1}'), { M => { b => { N => '1' } } } ], [ 'jsonb', q('null'), { NULL => JSON::PP::true } ],
	[ 'text[]', "'{b,NULL,a}'", { L => [ { S => 'b' }, { NULL => JSON::PP::true }, { S => 'a' } ] } ], [ 'text[]', "'{}'", { L => [] } ],
	[ 'numeric[]', "'{1.5,12345678901234567890123456789012345678}'", { L => [ { N => '1.5' }, { N => '12345678901234567890123456789012345678' } ] } ],
	[ 'bytea[]', "ARRAY['\\x00'::bytea]", { L => [ { B => 'AA==' } ] } ], [ 'date[]', "'{2024-02-29}'", { L => [ { S => '2024-02-29' } ] } ],
	[ 'jsonb[]', q(ARRAY['{"a": 1}'::jsonb]), { L => [ { M => { a => { N => '1' } } } ] } ]);
foreach my $write (@writes)
{
	my ($type, $value, $stored, $condition) = @$write;
	sql("DROP FOREIGN TABLE IF EXISTS w; CREATE FOREIGN TABLE w (id text OPTIONS (key 'partition') NOT NULL, v $type)"
		  . " SERVER fleet OPTIONS (table '$written'); DELETE FROM w; INSERT INTO w VALUES ('inserted', $value), ('updated', NULL)");
	is(sql("UPDATE w SET v = $value WHERE id = 'updated'; SELECT count(*) FROM w WHERE " . ($condition // ($type =~ /^json$|null/ || $value eq "'null'" ? 'true' : "v = $value"))), 2,
		"$type $value reads as what was written");
	foreach my $id (defined $stored ? qw(inserted updated) : ())
	{
		is_deeply(store_api('GetItem', { TableName => $written, Key => { id => { S => $id } } })->{Item}{v}, $stored, "... $id");
	}
}
foreach my $refused ([ 'numeric', '1e126', '22003' ], [ 'numeric', "'infinity'", '22003' ], [ 'double precision', "'NaN'", '22003' ], [ 'real', "'-infinity'", '22003' ],
	[ 'date', "'infinity'", '22008' ], [ 'timestamptz', "'-infinity'", '22008' ], [ 'text[]', "'{{a},{b}}'", '0A000' ], [ 'jsonb', q('{"a": 1e400}'), '22003' ])
{
	my ($type, $value, $state) = @$refused;
	sql("DROP FOREIGN TABLE IF EXISTS w; CREATE FOREIGN TABLE w (id text OPTIONS (key 'partition') NOT NULL, v $type) SERVER fleet OPTIONS (table '$written')");
	like(sql_says("INSERT INTO w VALUES ('refused', $value)"), qr/ERROR:  $state/, "the store cannot hold $type $value");
}
is(sql("SELECT count(*) FROM w WHERE id = 'refused'"), 0, '... and got none of them');

done_testing();
