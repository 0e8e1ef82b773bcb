/*-------------------------------------------------------------------------
 * peek_stream.c
 *	  peek_stream: the last messages of a stream's topic, decoded as a worker would.
 *
 * No policy or table is involved: keys are shown as events have them, and both states of the item whole.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "api/account.h"
#include "api/check.h"
#include "base/memory.h"
#include "catalog/server.h"
#include "compat.h"
#include "errors.h"
#include "stream/event.h"

PG_FUNCTION_INFO_V1(ys_peek_stream);

#define MOST_MESSAGES	1000

enum
{
	PEEKED_PARTITION,
	PEEKED_OFFSET,
	PEEKED_PRODUCED_AT,
	PEEKED_FORMAT,
	PEEKED_TABLE,
	PEEKED_KIND,
	PEEKED_KEY,
	PEEKED_NEW_IMAGE,
	PEEKED_OLD_IMAGE,
	PEEKED_ERROR,
	PEEKED_COLUMNS
};

typedef struct Row
{
	Datum		values[PEEKED_COLUMNS];
	bool		nulls[PEEKED_COLUMNS];
} Row;

static void
put_text(Row *row, int column, const char *text)
{
	ys_account_put(text, &row->values[column], &row->nulls[column]);
}

static void
put_value(Row *row, int column, const YsValue *value, YsArena *arena)
{
	row->nulls[column] = value == NULL;
	if (value != NULL)
		row->values[column] = ys_account_show(value, arena);
}

static void
put_row(ReturnSetInfo *result, Row *row)
{
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}

static Row
start_row(const YsMessage *message)
{
	Row			row;

	memset(row.nulls, true, sizeof(row.nulls));
	row.values[PEEKED_PARTITION] = Int32GetDatum(message->partition);
	row.values[PEEKED_OFFSET] = Int64GetDatum(message->offset);
	row.nulls[PEEKED_PARTITION] = row.nulls[PEEKED_OFFSET] = false;
	if (message->timestamp_ms >= 0)
	{
		row.values[PEEKED_PRODUCED_AT] = TimestampTzGetDatum(message->timestamp_ms * 1000 -
															 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
		row.nulls[PEEKED_PRODUCED_AT] = false;
	}
	return row;
}

static void
put_event(Row *row, const YsEvent *event, YsArena *arena)
{
	bool		has_key = event->keys.type == YS_TYPE_MAP || event->keys.bytes != NULL;

	put_text(row, PEEKED_TABLE, event->table);
	put_value(row, PEEKED_KEY, has_key ? &event->keys : NULL, arena);
	put_value(row, PEEKED_NEW_IMAGE, event->new_image, arena);
	put_value(row, PEEKED_OLD_IMAGE, event->old_image, arena);
	if (event->error == NULL)
		put_text(row, PEEKED_KIND, ys_event_kind_name(event->kind));
	else
		put_text(row, PEEKED_ERROR, event->error->detail[0] == '\0' ? event->error->message :
				 psprintf("%s: %s", event->error->message, event->error->detail));
}

static void
put_message(ReturnSetInfo *result, const YsMessage *message, const YsEventReading *reading, YsJsonReader *reader,
			YsArena *arena)
{
	YsEventMessage bytes = {message->key, message->key_len, message->value, message->value_len};
	Row			row = start_row(message);
	YsEvents	events;
	YsError		err;

	if (message->is_watermark)
	{
		put_text(&row, PEEKED_KIND, "watermark");
		put_row(result, &row);
		return;
	}
	if (!ys_event_decode(reading, reader, &bytes, arena, &events, &err))
		ys_error_throw(&err);
	if (events.format != YS_FORMAT_AUTO)
		put_text(&row, PEEKED_FORMAT, ys_event_format_name(events.format));
	if (events.count == 0)
	{
		put_text(&row, PEEKED_KIND, "none");
		put_row(result, &row);
	}
	for (int i = 0; i < events.count; i++)
	{
		Row			each = row;

		put_event(&each, &events.events[i], arena);
		put_row(result, &each);
	}
}

static void
release_reader(void *reader)
{
	ys_json_reader_destroy(reader);
}

static ForeignServer *
find_server(const char *name)
{
	ForeignServer *server = GetForeignServerByName(name, false);
	AclResult	result = ys_server_aclcheck_compat(server->serverid, GetUserId());

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	ys_server_check_kind(server->serverid, YS_WRAPPER_STREAM);
	return server;
}

/* yottastore.peek_stream(server, n) */
Datum
ys_peek_stream(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"server", "n"};
	YsEventReading reading = {.old_images = true};
	YsStreamConfig *config;
	ForeignServer *server;
	YsJsonReader *reader;
	YsMessage  *messages;
	YsArena		taken;
	YsArena		arena;
	int			wanted;
	int			count;
	YsError		err;

	ys_check_not_null(fcinfo, names, lengthof(names));
	server = find_server(NameStr(*PG_GETARG_NAME(0)));
	wanted = PG_GETARG_INT32(1);
	if (wanted < 1 || wanted > MOST_MESSAGES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d messages cannot be shown", wanted),
				 errdetail("It may be 1 to %d.", MOST_MESSAGES),
				 errhint("A consumer of Kafka's own reads whole topics.")));
	config = ys_server_stream(server->serverid, GetUserId());
	if (!ys_event_format_by_name(config->format, &reading.format))
		elog(ERROR, "unknown stream format \"%s\"", config->format);
	reader = ys_json_reader_create();
	if (reader == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	(void) ys_handle_own(CurrentMemoryContext, reader, release_reader);

	InitMaterializedSRF(fcinfo, 0);
	ys_arena_init_context(&taken, CurrentMemoryContext, 0);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_kafka_peek(config, wanted, &taken, &count, &messages, &err))
		ys_error_throw(&err);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_message((ReturnSetInfo *) fcinfo->resultinfo, &messages[i], &reading, reader, &arena);
		ys_arena_reset(&arena);
	}
	return (Datum) 0;
}
