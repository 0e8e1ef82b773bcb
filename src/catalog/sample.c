/*-------------------------------------------------------------------------
 * sample.c
 *	  Some items of a store's table, from all over it.
 *
 * The store cuts a table into as many segments as a scan asks for, by the
 * hash of the partition key, so that a segment is a random set of
 * partitions.  Segments are taken from a random one on and read to their end
 * before others are begun: each item is then as likely as any other to be
 * read, and items per segment begun, times segments, is the table's number
 * of items.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "base/memory.h"
#include "errors.h"
#include "catalog/calls.h"
#include "catalog/sample.h"
#include "catalog/server.h"

/* The store's own limit. */
#define SEGMENTS_MAX	1000000

/* From one segment to the next: a prime over their number, so that every one is met once. */
#define STEP			1000003

/* What a segment should take: half a page, since they differ. */
#define SEGMENT_BYTES	(512 * 1024)

/* By how much a number of segments that proved too small is raised. */
#define SEGMENTS_FACTOR	8

typedef struct Sampler
{
	const YsSampleRequest *request;
	YsCalls		calls;
	YsArena		arena;			/* the reply */
	int			next;			/* segment to begin next */
	int			reading[YS_SAMPLE_IN_FLIGHT];
	int64		asked;			/* pages */
	int			ended;			/* segments */
	YsSample	sample;
} Sampler;

static int
random_below(int n)
{
	return (int) pg_prng_uint64_range(&pg_global_prng_state, 0, n - 1);
}

/* Ask for a page of the place's segment, unless there were enough. */
static void
ask_for_page(Sampler *sampler, int *place, const YsValue *start_key)
{
	const YsSampleRequest *request = sampler->request;
	YsPageRequest page = {
		.table = request->table,
		.projection = request->filter,
		.start_key = start_key,
		.limit = (int) ((request->items + YS_SAMPLE_IN_FLIGHT - 1) / YS_SAMPLE_IN_FLIGHT),
		.segment = *place,
		.total_segments = request->segments,
	};
	YsCall	   *call;
	YsError		err;

	if (sampler->asked == request->pages)
		return;
	call = ys_store_page(request->store, &page, &err);
	ys_calls_add(&sampler->calls, call, &err);
	ys_call_set_tag(call, place);
	sampler->asked++;
}

static void
begin_segment(Sampler *sampler, int *place)
{
	int			segments = sampler->request->segments;

	if (sampler->sample.segments == segments || sampler->asked == sampler->request->pages)
		return;
	*place = sampler->next;
	sampler->next = (int) (((int64) sampler->next + STEP) % segments);
	sampler->sample.segments++;
	ask_for_page(sampler, place, NULL);
}

/* Take a page's items; false: there were enough. */
static bool
take_page(Sampler *sampler, YsCall *call, YsSampleFn fn, void *arg)
{
	const YsSampleRequest *request = sampler->request;
	int		   *place = ys_call_tag(call);
	YsReply		reply;
	YsError		err;

	ys_arena_reset(&sampler->arena);
	if (!ys_store_wait(call, request->filter, &sampler->arena, &reply, &err))
		ys_error_throw(&err);
	sampler->sample.pages++;
	if (reply.last_key != NULL)
		ask_for_page(sampler, place, reply.last_key);
	else
	{
		sampler->ended++;
		begin_segment(sampler, place);
	}
	for (int i = 0; i < reply.nitems; i++)
	{
		if (request->items > 0 && sampler->sample.items == request->items)
			return false;
		sampler->sample.items++;
		fn(arg, &reply.items[i]);
	}
	return true;
}

YsSample
ys_sample_read(const YsSampleRequest *request, YsSampleFn fn, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore sample",
												  ALLOCSET_DEFAULT_SIZES);
	Sampler    *sampler = MemoryContextAllocZero(context, sizeof(Sampler));
	YsSample	sample;
	bool		more = true;

	sampler->request = request;
	ys_arena_init_context(&sampler->arena, context, 0);
	ys_calls_init(&sampler->calls, context);
	sampler->next = random_below(request->segments);
	for (int i = 0; i < YS_SAMPLE_IN_FLIGHT; i++)
		begin_segment(sampler, &sampler->reading[i]);
	while (more && sampler->calls.count > 0)
		more = take_page(sampler, ys_calls_take_first(&sampler->calls), fn, arg);
	sample = sampler->sample;
	sample.whole = more && sampler->ended == request->segments;
	/* with it go the calls still under way */
	MemoryContextDelete(context);
	return sample;
}

/* ---- the number of segments ---- */

/* Does a page hold the whole of some segment, when there are so many? */
static bool
fits_page(YsStore *store, const char *table, int segments)
{
	YsPageRequest request = {
		.table = table,
		.count_only = true,
		.segment = random_below(segments),
		.total_segments = segments,
	};
	YsArena		arena;
	YsReply		reply;
	YsError		err;
	YsCall	   *call = ys_store_page(store, &request, &err);
	bool		fits;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (call == NULL || !ys_store_wait(call, NULL, &arena, &reply, &err))
		ys_error_throw(&err);
	fits = reply.last_key == NULL;
	ys_arena_free(&arena);
	return fits;
}

/* Into how many segments to cut a table so that a page holds most of them whole. */
static int
choose_segments(YsStore *store, const char *table, int64 size_bytes)
{
	int64		segments = Min(Max(size_bytes, 0) / SEGMENT_BYTES + 1, SEGMENTS_MAX);

	while (segments < SEGMENTS_MAX && !fits_page(store, table, (int) segments))
		segments = Min(segments * SEGMENTS_FACTOR, SEGMENTS_MAX);
	return (int) segments;
}

YsSample
ys_sample_spread(YsSampleRequest *request, int64 size_bytes, YsSampleFn fn, void *arg)
{
	YsSample	sample;

	request->segments = choose_segments(request->store, request->table, size_bytes);
	sample = ys_sample_read(request, fn, arg);
	if (sample.items == 0 && !sample.whole)
	{
		/* a few large partitions are in a few segments: rather items side by side than none */
		request->segments = 1;
		sample = ys_sample_read(request, fn, arg);
	}
	return sample;
}

YsSample
ys_sample_source(const YsSource *source, Oid userid, int64 items, YsSampleFn fn, void *arg)
{
	YsSampleRequest request = {
		.store = ys_server_store(source->serverid, userid),
		.table = source->table,
		.items = items,
		/* pages may be empty */
		.pages = items + YS_SAMPLE_IN_FLIGHT,
	};
	YsArena		arena;
	YsTableInfo info;
	YsError		err;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!ys_store_describe_table(request.store, source->table, &arena, &info, &err))
		ys_error_throw(&err);
	ys_arena_free(&arena);
	return ys_sample_spread(&request, info.size_bytes, fn, arg);
}
