# Random statements while the store fails at random: each has the right result or a clear error, and
# what an error says of written items is what the store has. YS_SEED repeats a run.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use YottaItems;
use YottaProxy;
use YottaTest;

use constant ROUNDS => 80;

my $seed = $ENV{YS_SEED} // time() * 1000 % 1_000_000;
note("seed $seed");
srand($seed);

my $node = new_node('runs', conf => "log_statement = 'none'\n");
my $proxy = YottaProxy->new(store_url());
my $store = unique_name('runs');
create_servers($node, store => $proxy->url);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(<<"END");
SELECT yottastore.create_store_table('fleet', '$store', 'id', stream => false);
CREATE FOREIGN TABLE v (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$store');
CREATE FOREIGN TABLE u (id text OPTIONS (key 'partition') NOT NULL, n int) SERVER fleet OPTIONS (table '$store', insert_mode 'upsert');
ALTER SERVER fleet OPTIONS (ADD request_timeout '3s', ADD consistency 'strong');
END

# What the store has, asked behind the proxy: id => n.
sub stored
{
	my $items = store_api('Scan', { TableName => $store, ConsistentRead => \1 })->{Items};
	return { map { $_->{id}{S} => $_->{n}{N} } @$items };
}

# ---- statements, and what they mean ----------------------------------------------------------

# Each returns a statement and what it makes of the items, as { id => n or undef when deleted }.
my %known;
my $serial = 0;

sub some_ids { my ($most) = @_; my @all = sort keys %known; return map { pick(@all) } 1 .. 1 + int rand $most; }
sub in_list { return join ', ', map { "'$_'" } @_; }

my %writes = (
	insert => sub {
		my %new = map { ('k' . ++$serial => int rand 50) } 1 .. pick(1, 5, 60);
		return ('INSERT INTO v VALUES ' . join(', ', map { "('$_', $new{$_})" } sort keys %new), \%new);
	},
	replace => sub {
		my %new = map { ($_ => int rand 50) } some_ids(40), map { 'k' . ++$serial } 1 .. 20;
		return ('INSERT INTO u VALUES ' . join(', ', map { "('$_', $new{$_})" } sort keys %new), \%new);
	},
	update_one => sub {
		my ($id) = some_ids(1);
		my $n = int rand 50;
		return ("UPDATE v SET n = $n WHERE id = '$id'", { $id => $n });
	},
	update_many => sub {
		my %new = map { ($_ => $known{$_} + 1) } some_ids(20);
		return ('UPDATE v SET n = n + 1 WHERE id IN (' . in_list(sort keys %new) . ')', \%new);
	},
	update_scan => sub {
		my $limit = int rand 50;
		return ("UPDATE v SET n = n + 100 WHERE n < $limit", { map { ($_ => $known{$_} + 100) } grep { $known{$_} < $limit } keys %known });
	},
	delete_one => sub {
		my ($id) = some_ids(1);
		return ("DELETE FROM v WHERE id = '$id'", { $id => undef });
	},
	delete_many => sub {
		my $from = 100 + int rand 100;
		return ("DELETE FROM v WHERE n > $from", { map { ($_ => undef) } grep { $known{$_} > $from } keys %known });
	});

my %reads = (
	get => sub { my ($id) = some_ids(1); return ("SELECT n FROM v WHERE id = '$id'", $known{$id}); },
	batch => sub {
		my %ids = map { $_ => 1 } some_ids(150);
		my $sum = 0;
		$sum += $known{$_} foreach keys %ids;
		return ('SELECT sum(n) FROM v WHERE id IN (' . in_list(keys %ids) . ')', $sum);
	},
	count => sub { return ('SELECT count(*) FROM v', scalar keys %known); },
	scan => sub {
		my $from = int rand 60;
		return ("SELECT string_agg(id || ':' || n, ',' ORDER BY id COLLATE \"C\") FROM v WHERE n >= $from",
			join ',', map { "$_:$known{$_}" } grep { $known{$_} >= $from } sort keys %known);
	});

# ---- what fails ------------------------------------------------------------------------------

my @operations = qw(GetItem BatchGetItem Scan PutItem UpdateItem DeleteItem BatchWriteItem);

# Mostly what repeating overcomes; now and then what lasts beyond the time a request may take.
sub break_something
{
	my @broken;
	foreach (1 .. 1 + rand 3)
	{
		my $operation = pick(@operations);
		my $how = pick(qw(lose mute error throttle), $operation eq 'BatchWriteItem' ? qw(part none) : ());
		my $times = chance(0.08) ? 500 : 1 + int rand 4;
		($how, $times) = ('hang', 1) if chance(0.05);
		$proxy->fail($operation, $how, $times);
		push @broken, "$operation $how $times";
	}
	return join ', ', @broken;
}

# What psql said of a statement that is run with a count of its rows.
sub run
{
	my ($statement) = @_;
	my $body = "BEGIN EXECUTE \$q\$$statement\$q\$; GET DIAGNOSTICS rows = ROW_COUNT; RAISE INFO 'rows %', rows; END";
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nDO \$\$DECLARE rows int; $body\$\$");
	return $error;
}

# An error that says what happened: the store's, with an SQLSTATE that tells what may be done.
my $clear = qr/^psql:.*ERROR:\s+(?:08000|08001|08006|40001|40003|53400|HV000): .*$/m;
my %outcome;

sub check_read
{
	my ($query, $right) = @_;
	my ($code, $output, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");
	if ($error =~ $clear)
	{
		$outcome{'read, failed'}++;
		return 1;
	}
	$outcome{'read, right'}++;
	return $error eq '' && $output eq ($right // '');
}

# The items are old or new, and as many new ones as is said.
sub check_write
{
	my ($statement, $new) = @_;
	my $said = run($statement);
	my $now = stored();
	my %wanted = (%known, %$new);
	my @wrong = grep { exists $new->{$_} ? 0 : ($now->{$_} // 'none') ne ($known{$_} // 'none') } keys %$now, keys %known;
	my ($applied, $unclear) = (0, 0);
	foreach my $id (keys %$new)
	{
		my ($is, $old, $to) = ($now->{$id} // 'none', $known{$id} // 'none', $new->{$id} // 'none');
		push @wrong, $id unless $is eq $old || $is eq $to;
		$is eq $to && $old ne $to ? $applied++ : $old eq $to ? $unclear++ : 0;
	}
	my ($rows) = $said =~ /INFO:\s+00000: rows (\d+)/;
	%known = %$now;
	return "wrong items: @wrong\n$said" if @wrong;
	if ($said !~ /ERROR:/)
	{
		$outcome{'write, right'}++;
		return "$applied and $unclear of $rows are there\n$said" unless $rows == keys %$new && $applied + $unclear == $rows;
		return '';
	}
	$outcome{ $applied ? 'write, failed in part' : 'write, failed' }++;
	return "not clear:\n$said" unless $said =~ $clear;
	my ($stay) = $said =~ /WARNING:.*?(\d+) items? written to the store stay/;
	my ($maybe) = $said =~ /WARNING:.*?(\d+) items? may have been written/;
	($stay, $maybe) = ($stay // 0, $maybe // 0);
	return "$applied to ${\($applied + $unclear)} are there, said to be $stay to ${\($stay + $maybe)}\n$said"
	  unless $stay <= $applied + $unclear && $applied <= $stay + $maybe;
	return '';
}

# ---- the run ---------------------------------------------------------------------------------

sql("INSERT INTO u SELECT 'k' || i, i % 50 FROM generate_series(1, 200) i");
$serial = 200;
%known = %{ stored() };
is(scalar keys %known, 200, 'the items');

my @failures;
foreach my $round (1 .. ROUNDS)
{
	my $broken = break_something();
	my $statement;
	if (chance(0.4))
	{
		($statement, my $right) = $reads{ pick(sort keys %reads) }->();
		push @failures, "round $round, $broken: $statement" unless check_read($statement, $right);
	}
	else
	{
		($statement, my $new) = $writes{ pick(sort keys %writes) }->();
		my $wrong = check_write($statement, $new);
		push @failures, "round $round, $broken: $statement\n$wrong" if $wrong ne '';
	}
	$proxy->heal;
	last if @failures >= 3;
}
is(scalar @failures, 0, 'right results or clear errors') or diag(join "\n", "seed $seed", map { substr $_, 0, 2000 } @failures);
note(join ', ', map { "$_: $outcome{$_}" } sort keys %outcome);
cmp_ok($outcome{$_} // 0, '>', ROUNDS / 6, "$_, many times") foreach 'read, right', 'write, right';
is(sql('SELECT count(*) FROM v'), scalar keys %known, 'all is well in the end');

store_api('DeleteTable', { TableName => $store });
done_testing();
