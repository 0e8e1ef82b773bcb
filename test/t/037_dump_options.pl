# A dump has servers, user mappings and foreign tables with every option there is, who may do what,
# and areas; and, when asked for, what is in the store.  Restored, it all is as it was.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use YottaFleet;
use YottaItems;
use YottaTest;

my $seed = $ENV{YS_SEED} // time() % 1_000_000;
note("seed $seed");
srand($seed);

my $node = new_node('dump', conf => "timezone = 'UTC'\n");
create_servers($node);
my $table = unique_name('dump');
my $directory = PostgreSQL::Test::Utils::tempdir();

sub sql { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

# ---- every option ------------------------------------------------------------------------------

foreach my $name (qw(ca.pem cert.pem key.pem))
{
	append_to_file("$directory/$name", '');
	chmod 0600, "$directory/$name" or die;
}

# Where each stands (OPTIONS go to the %s), and values of those that can't be guessed.
my %place = (
	server => 'CREATE SERVER s FOREIGN DATA WRAPPER yottastore %s',
	mapping => 'CREATE USER MAPPING FOR keys SERVER s %s',
	table => "CREATE FOREIGN TABLE t (id text OPTIONS (key 'partition')) SERVER fleet %s",
	column => "CREATE FOREIGN TABLE c (id text OPTIONS (key 'partition'), c jsonb %s) SERVER s",
	stream => 'CREATE SERVER stream FOREIGN DATA WRAPPER yottastore_stream %s');
my %value = (
	server => {
		api => 'dynamodb', nodes => 'http://one.example:8000,https://[::1]:8443', region => 'eu-south-1', consistency => 'strong',
		connect_timeout => '1500ms', request_timeout => '1min', ca_file => "$directory/ca.pem", client_cert_file => "$directory/cert.pem",
		client_key_file => "$directory/key.pem", insert_mode => 'upsert', discovery => 'localnodes', datacenter => 'dc-1', rack => 'r_1',
		discovery_interval => '30s', on_stale => 'error' },
	mapping => { access_key_id => 'key', secret_access_key => q(it's\a"secret"), session_token => q(E'\\\\x') },
	table => {
		indexes => q(by_model (model, "o'dd") all; by_city (city) include (name, pos); by_age local (id, age) keys),
		table => 'the_store.s-name', consistency => 'eventual', insert_mode => 'insert', on_stale => 'scan' },
	column => { path => q(a."odd 'na\\\\me".x[0]), on_mismatch => 'error', encoding => 'typed' },
	stream => {
		brokers => '127.0.0.1:9092,[::1]:9093', topic => 'some.topic', format => 'dynamodb', workers => 4,
		security_protocol => 'sasl_ssl', sasl_mechanism => 'SCRAM-SHA-256', ca_file => "$directory/ca.pem",
		client_cert_file => "$directory/cert.pem", client_key_file => "$directory/key.pem", broker_address_family => 'v4',
		compression => 'zstd', fetch_max_bytes => 2097152, max_partition_fetch_bytes => 1048576, metadata_max_age_ms => 60000,
		queued_max_messages_kbytes => 2048, socket_connection_setup_timeout_ms => 5000, socket_timeout_ms => 30000 });
# given elsewhere: they exclude others
my %elsewhere = (mapping => [qw(profile environment)], column => [qw(key document field)]);

sub options
{
	my (%options) = @_;
	return 'OPTIONS (' . join(', ', map { "$_ '" . $options{$_} =~ s/'/''/gr . "'" } sort keys %options) . ')';
}

# The option's name, with a value that the place takes.
sub with_value
{
	my ($kind, $name, %others) = @_;
	foreach my $value (defined $value{$kind}{$name} ? $value{$kind}{$name} : qw(true 7 1s word a_key))
	{
		my ($code) = $node->psql('postgres', 'BEGIN;' . sprintf($place{$kind}, options(%others, $name => $value)) . '; ROLLBACK', on_error_stop => 1);
		return ($name => $value) if $code == 0;
	}
	fail("a value for option $name of a $kind");
	return;
}

my $declared = 0;
sql('CREATE ROLE keys; CREATE ROLE profile; CREATE ROLE environment; CREATE ROLE reader');
foreach my $kind (qw(server mapping table column stream))
{
	my ($code, $output, $error) = $node->psql('postgres', sprintf($place{$kind}, "OPTIONS (nonsense 'x')"));
	my ($names) = $error =~ /Valid options in this context are: (.*)\.$/m or die "$kind: $error";
	my %given;
	# the required ones first
	foreach my $name (sort { ($value{$kind}{$b} ? 1 : 0) <=> ($value{$kind}{$a} ? 1 : 0) || $a cmp $b } split /, /, $names)
	{
		next if grep { $_ eq $name } @{ $elsewhere{$kind} // [] };
		%given = (%given, $value{$kind}{$name} ? ($name => $value{$kind}{$name}) : with_value($kind, $name, %given));
	}
	sql(sprintf($place{$kind}, options(%given)));
	is(sql("SELECT count(*) FROM (SELECT unnest(srvoptions) FROM pg_foreign_server WHERE srvname IN ('s', 'stream') UNION ALL"
			  . " SELECT unnest(umoptions) FROM pg_user_mapping WHERE umuser = 'keys'::regrole UNION ALL SELECT unnest(ftoptions) FROM pg_foreign_table f"
			  . " WHERE ftrelid::regclass::text = 't' UNION ALL SELECT unnest(attfdwoptions) FROM pg_attribute WHERE attname = 'c') o"),
		$declared += keys %given, "a $kind with " . join(', ', sort keys %given));
}
sql(<<"END");
CREATE USER MAPPING FOR profile SERVER s OPTIONS (profile 'fleet');
CREATE USER MAPPING FOR environment SERVER s OPTIONS (environment 'FLEET');
CREATE USER MAPPING FOR PUBLIC SERVER fleet OPTIONS (access_key_id 'all', secret_access_key 'all');
GRANT USAGE ON FOREIGN SERVER fleet, stream TO reader;
COMMENT ON SERVER fleet IS 'the fleet''s store';
SELECT yottastore.create_store_table('fleet', '$table', 'id', 'at numeric', stream => false);
CREATE FOREIGN TABLE every (
  id text OPTIONS (key 'partition') NOT NULL, at numeric OPTIONS (key 'sort') NOT NULL,
  "Odd ""name" text OPTIONS (path 's."odd \\"name"[1]', on_mismatch 'null') COLLATE "C" DEFAULT 'x', part jsonb, typed_part jsonb OPTIONS (path 'part', encoding 'typed'),
  n numeric(10,2), tags text[], moment timestamptz, raw bytea, log text OPTIONS (path 'log[*].x'),
  item jsonb OPTIONS (document 'true', encoding 'plain'), typed jsonb OPTIONS (document 'true', encoding 'typed')
) SERVER fleet OPTIONS (table '$table', consistency 'strong');
COMMENT ON COLUMN every.typed IS 'all of it';
GRANT SELECT (id, n), INSERT ON every TO reader;
END
my $areas = geojson();
sql("SELECT yottastore.load_areas('$areas'); UPDATE yottastore.areas SET aliases = '{a,it''s}' WHERE name = 'A'");
sql('GRANT EXECUTE ON FUNCTION yottastore.load_areas(jsonb, text, text, text, text, text[]) TO reader');

# ---- there and back ----------------------------------------------------------------------------

# A dump as text, without what is another each time.
sub dump_of
{
	my ($database, @arguments) = @_;
	my $file = "$directory/$database.sql";
	$node->command_ok([ 'pg_dump', '-f', $file, @arguments, $database ], "$database is dumped @arguments");
	return slurp_file($file) =~ s/^\\(?:un)?restrict .*\n//gmr;
}

sub restore
{
	my ($from, $to) = @_;
	sql("CREATE DATABASE $to");
	my ($code, $output, $error) = $node->psql($to, undef, extra_params => [ '-f', "$directory/$from.sql" ], on_error_stop => 1);
	is($code, 0, "... and restored as $to") or diag($error);
	return;
}

my $dump = dump_of('postgres');
restore('postgres', 'again');
is(dump_of('again'), $dump, 'the restored database has the same dump');
like($dump, qr/secret_access_key E?'it''s\\+a"secret"'/, 'secrets of user mappings are in it');
unlike($dump, qr/COPY public\.every/, 'what is in the store is not');
foreach my $function (qw(load_areas create_relay))
{
	my $may = "SELECT has_function_privilege('reader', oid, 'EXECUTE') FROM pg_proc WHERE proname = '$function' AND pronamespace = 'yottastore'::regnamespace";
	is(sql($may, 'again'), sql($may), "who may call $function");
}

# what is in the store, when asked for: restored after it was lost
all_types(1);
my %items;
foreach my $number (1 .. 40)
{
	my %attributes = (%{ random_map(8) }, tags => { SS => [ 'a', "b$number" ] }, n => { N => "$number.5" }, raw => { B => 'AAE=' },
		moment => { S => '2024-03-12T10:00:00Z' }, log => { L => [ { M => { x => { S => 'first' } } } ] }, part => random_value());
	delete $attributes{ (qw(tags n raw moment log part))[ rand 6 ] };
	store_api('PutItem', { TableName => $table, Item => { %attributes, id => { S => "i$number" }, at => { N => $number } } });
}

sub items { return { map { $_->{id}{S} => sorted_item($_) } @{ store_api('Scan', { TableName => $table, ConsistentRead => \1 })->{Items} } }; }

my $before = items();
is(scalar keys %$before, 40, 'items in the store');
$dump = dump_of('again', '--include-foreign-data=fleet', '--exclude-table=t', '--exclude-table=c');
like($dump, qr/COPY public\.every/, 'what is in the store is in the dump');
sql('DELETE FROM every');
is(scalar keys %{ items() }, 0, 'lost');
restore('again', 'third');
is_deeply(items(), $before, "and written again by the restored database, types and all (seed $seed)");

$node->stop;
done_testing();
