/*-------------------------------------------------------------------------
 * serve_items.c
 *	  Serves recorded items, as many as a table is to have, over HTTP.
 *
 *	serve_items MILLISECONDS FILE
 *
 * Each line of the file is an item's size, as the store counts it, a tab, and the item without
 * its key as DynamoDB Local gave it.  It listens on a free loopback port, prints it, and serves until
 * its standard input ends, each read that many milliseconds after it was asked for.
 *
 * A table named "fleet_<count>" has <count> items: number n is line n modulo their number, under
 * the key "vehicle_id" v<n> and with the attribute "depot" d<n modulo a thousandth of count>, so
 * that each depot has a thousand items whatever the table's size.  They are read by GetItem,
 * BatchGetItem, Scan (in segments, pages of a megabyte) and Query of a global index by_depot; whatever
 * attributes are asked for, whole items are sent, and no filter is applied.  Read units are
 * counted as DynamoDB documents them.  The table has a stream on which nothing happens.
 * Signatures are not looked at.
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

#define OF_A_DEPOT		1000
#define PAGE_BYTES		(1024 * 1024)
#define UNIT_BYTES		4096
#define SHARD			"shardId-00000000000000000001-00000001"

#define BAD_REQUEST		"400 Bad Request"
#define UNKNOWN			"{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"
#define NO_TABLE		"{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\"}"
#define VALIDATION		"{\"__type\":\"com.amazon.coral.validate#ValidationException\"}"

typedef struct Item
{
	const char *members;		/* behind the opening brace */
	size_t		len;
	long		size;
} Item;

/* A table, as a request names it. */
typedef struct Table
{
	long		count;
	long		depots;
} Table;

typedef struct Text
{
	char	   *bytes;
	size_t		len;
	size_t		room;
} Text;

static Item *items;
static long nitems;
static long latency_ms;

/* ---- items ---- */

static void
load_items(const char *name)
{
	size_t		len;
	char	   *line = read_file(name, &len);
	char	   *end;
	long		room = 0;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
	{
		char	   *tab = strchr(line, '\t');

		if (tab == NULL || tab + 2 > end || tab[1] != '{')
			die("%s: line %ld is no item", name, nitems + 1);
		if (nitems == room)
			items = realloc(items, (size_t) (room = room * 2 + 1024) * sizeof(Item));
		if (items == NULL)
			die("out of memory");
		items[nitems++] = (Item) {tab + 2, (size_t) (end - tab - 2), strtol(line, NULL, 10)};
	}
	if (nitems == 0)
		die("%s: there is no item", name);
}

static void
add_bytes(Text *text, const char *bytes, size_t len)
{
	if (text->len + len + 1 > text->room)
	{
		text->room = text->room * 2 + len + 4096;
		text->bytes = realloc(text->bytes, text->room);
		if (text->bytes == NULL)
			die("out of memory");
	}
	memcpy(text->bytes + text->len, bytes, len);
	text->bytes[text->len += len] = '\0';
}

static void add(Text *text, const char *format,...) __attribute__((format(printf, 2, 3)));

static void
add(Text *text, const char *format,...)
{
	char		bytes[1024];
	va_list		args;
	int			len;

	va_start(args, format);
	len = vsnprintf(bytes, sizeof(bytes), format, args);
	va_end(args);
	if (len < 0 || len >= (int) sizeof(bytes))
		die("too long to be printed");
	add_bytes(text, bytes, (size_t) len);
}

/* Returns its size. */
static long
add_item(Text *text, const Table *table, long number)
{
	const Item *item = &items[number % nitems];

	add(text, "{\"vehicle_id\":{\"S\":\"v%07ld\"},\"depot\":{\"S\":\"d%07ld\"}%s", number, number % table->depots,
		item->members[0] == '}' ? "" : ",");
	add_bytes(text, item->members, item->len);
	return item->size + 31;
}

/* ---- requests ---- */

/* The table's name is the one string of a request that begins so. */
static bool
find_table(const char *body, Table *table)
{
	const char *name = strstr(body, "fleet_");

	table->count = name != NULL ? strtol(name + strlen("fleet_"), NULL, 10) : 0;
	table->depots = table->count / OF_A_DEPOT;
	return table->depots > 0;
}

/* The number in the next string value that begins with a letter, and where it is; -1: there is none. */
static long
next_number(const char **at, char letter)
{
	const char *p = *at;

	while (p != NULL && (p = strstr(p, "\"S\"")) != NULL)
	{
		p += strlen("\"S\"");
		p += strspn(p, ": ");
		if (p[0] == '"' && p[1] == letter)
		{
			*at = p;
			return strtol(p + 2, NULL, 10);
		}
	}
	return -1;
}

static double
units(const char *body, long size)
{
	const char *consistent = behind(body, "\"ConsistentRead\"");
	double		whole = (double) ((size + UNIT_BYTES - 1) / UNIT_BYTES);

	return consistent != NULL && strncmp(consistent, "true", 4) == 0 ? whole : whole / 2;
}

static bool
send_text(int fd, Text *text)
{
	char		head[256];
	struct iovec parts[2] = {{head, 0}, {text->bytes, text->len}};
	bool		sent;

	parts[0].iov_len = (size_t) print_head(head, sizeof(head), "200 OK", text->len);
	sent = send_all(fd, parts, 2);
	free(text->bytes);
	return sent;
}

/* ---- reading ---- */

static bool
get_item(int fd, const Table *table, const char *body)
{
	const char *key = behind(body, "\"Key\"");
	long		number = next_number(&key, 'v');
	long		size = 0;
	Text		text = {0};

	add(&text, "{");
	if (number >= 0 && number < table->count)
	{
		add(&text, "\"Item\":");
		size = add_item(&text, table, number);
		add(&text, ",");
	}
	add(&text, "\"ConsumedCapacity\":{\"TableName\":\"fleet_%ld\",\"CapacityUnits\":%.1f}}", table->count,
		units(body, size > 0 ? size : 1));
	return send_text(fd, &text);
}

static bool
batch_get_item(int fd, const Table *table, const char *body)
{
	const char *keys = behind(body, "\"Keys\"");
	double		consumed = 0;
	bool		first = true;
	Text		text = {0};
	long		number;

	add(&text, "{\"Responses\":{\"fleet_%ld\":[", table->count);
	while ((number = next_number(&keys, 'v')) >= 0)
	{
		long		size = 1;

		if (number < table->count)
		{
			if (!first)
				add(&text, ",");
			size = add_item(&text, table, number);
			first = false;
		}
		consumed += units(body, size);
	}
	add(&text, "]},\"UnprocessedKeys\":{},\"ConsumedCapacity\":[{\"TableName\":\"fleet_%ld\",\"CapacityUnits\":%.1f}]}",
		table->count, consumed);
	return send_text(fd, &text);
}

/* Items from a number on, every step'th, as far as a page goes. */
static bool
send_page(int fd, const Table *table, const char *body, long number, long step)
{
	const char *limited = behind(body, "\"Limit\"");
	long		most = limited != NULL ? strtol(limited, NULL, 10) : table->count;
	const char *select = behind(body, "\"Select\"");
	bool		counts = select != NULL && strncmp(select, "\"COUNT\"", 7) == 0;
	bool		by_index = strstr(body, "\"IndexName\"") != NULL;
	long		count = 0;
	long		size = 0;
	Text		text = {0};

	add(&text, "{\"Items\":[");
	for (; number < table->count && count < most && size < PAGE_BYTES; number += step)
	{
		size_t		before = text.len;

		if (count > 0)
			add(&text, ",");
		size += add_item(&text, table, number);
		if (counts)
			text.len = before;
		count++;
	}
	add(&text, "],\"Count\":%ld,\"ScannedCount\":%ld", count, count);
	if (number < table->count)
	{
		add(&text, ",\"LastEvaluatedKey\":{\"vehicle_id\":{\"S\":\"v%07ld\"}", number - step);
		if (by_index)
			add(&text, ",\"depot\":{\"S\":\"d%07ld\"}", number % table->depots);
		add(&text, "}");
	}
	add(&text, ",\"ConsumedCapacity\":{\"TableName\":\"fleet_%ld\",\"CapacityUnits\":%.1f}}", table->count,
		units(body, size));
	return send_text(fd, &text);
}

static bool
scan(int fd, const Table *table, const char *body)
{
	const char *start = behind(body, "\"ExclusiveStartKey\"");
	const char *segment = behind(body, "\"Segment\"");
	const char *segments = behind(body, "\"TotalSegments\"");
	long		step = segments != NULL ? strtol(segments, NULL, 10) : 1;
	long		number = segment != NULL ? strtol(segment, NULL, 10) : 0;

	if (start != NULL)
		number = next_number(&start, 'v') + step;
	return send_page(fd, table, body, number, step);
}

/* Of the index alone: a key of the table has one item. */
static bool
query(int fd, const Table *table, const char *body)
{
	const char *values = behind(body, "\"ExpressionAttributeValues\"");
	const char *start = behind(body, "\"ExclusiveStartKey\"");
	long		depot = next_number(&values, 'd');

	if (strstr(body, "\"by_depot\"") == NULL || depot < 0 || depot >= table->depots)
		return answer(fd, BAD_REQUEST, VALIDATION);
	return send_page(fd, table, body, start != NULL ? next_number(&start, 'v') + table->depots : depot, table->depots);
}

/* ---- what there is ---- */

static bool
describe_table(int fd, const Table *table, const char *body)
{
	Text		text = {0};
	double		bytes = 0;

	(void) body;
	for (long i = 0; i < nitems; i++)
		bytes += (double) items[i].size;
	add(&text, "{\"Table\":{\"TableName\":\"fleet_%ld\",\"TableStatus\":\"ACTIVE\",\"ItemCount\":%ld,\"TableSizeBytes\":%.0f,",
		table->count, table->count, bytes / (double) nitems * (double) table->count);
	add(&text, "\"AttributeDefinitions\":[{\"AttributeName\":\"vehicle_id\",\"AttributeType\":\"S\"},"
		"{\"AttributeName\":\"depot\",\"AttributeType\":\"S\"}],"
		"\"KeySchema\":[{\"AttributeName\":\"vehicle_id\",\"KeyType\":\"HASH\"}],");
	add(&text, "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"by_depot\",\"IndexStatus\":\"ACTIVE\","
		"\"KeySchema\":[{\"AttributeName\":\"depot\",\"KeyType\":\"HASH\"}],\"Projection\":{\"ProjectionType\":\"ALL\"}}],");
	add(&text, "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},"
		"\"LatestStreamArn\":\"arn:aws:dynamodb:ddblocal:000000000000:table/fleet_%ld/stream/2026-01-01T00:00:00.000\"}}",
		table->count);
	return send_text(fd, &text);
}

static bool
describe_stream(int fd, const Table *table, const char *body)
{
	const char *behind_shard = behind(body, "\"ExclusiveStartShardId\"");
	Text		text = {0};

	add(&text, "{\"StreamDescription\":{\"StreamArn\":\"arn:aws:dynamodb:ddblocal:000000000000:table/fleet_%ld/stream/2026-01-01T00:00:00.000\","
		"\"TableName\":\"fleet_%ld\",\"StreamStatus\":\"ENABLED\",\"StreamViewType\":\"NEW_AND_OLD_IMAGES\",\"Shards\":[",
		table->count, table->count);
	if (behind_shard == NULL)
		add(&text, "{\"ShardId\":\"" SHARD "\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"100000000000000000001\"}}");
	add(&text, "]}}");
	return send_text(fd, &text);
}

static bool
answer_request(int fd, const char *operation, const char *body)
{
	static const struct
	{
		const char *name;
		bool		(*handle) (int fd, const Table *table, const char *body);
		bool		late;
	}			operations[] = {
		{"GetItem\r", get_item, true}, {"BatchGetItem\r", batch_get_item, true}, {"Scan\r", scan, true},
		{"Query\r", query, true}, {"DescribeTable\r", describe_table, false}, {"DescribeStream\r", describe_stream, false}
	};
	Table		table;

	if (strncmp(operation, "GetShardIterator\r", 17) == 0)
		return answer(fd, "200 OK", "{\"ShardIterator\":\"end\"}");
	if (strncmp(operation, "GetRecords\r", 11) == 0)
		return answer(fd, "200 OK", "{\"Records\":[],\"NextShardIterator\":\"end\"}");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strncmp(operation, operations[i].name, strlen(operations[i].name)) == 0)
		{
			if (!find_table(body, &table))
				return answer(fd, BAD_REQUEST, NO_TABLE);
			if (operations[i].late && latency_ms > 0)
				(void) usleep((useconds_t) latency_ms * 1000);
			return operations[i].handle(fd, &table, body);
		}
	return answer(fd, BAD_REQUEST, UNKNOWN);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		die("milliseconds and a file, and nothing else");
	latency_ms = strtol(argv[1], NULL, 10);
	load_items(argv[2]);
	serve_until_end(answer_request);
	return 0;
}
