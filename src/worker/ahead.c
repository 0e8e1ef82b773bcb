/*-------------------------------------------------------------------------
 * ahead.c
 *	  Making the next batch, and what policies make of its items, in a thread, while one is applied.
 *
 * A thread lives for one batch.  It has the batch, the source and a reader of its own to itself until it is
 * joined, and all it touches is pure code, the Kafka client and malloc: nothing of the server, whose signals it has
 * blocked.  What it has to say is in the batch or an error.  The server's process tells it two things: that the batch is
 * waited for, or no longer wanted.
 *
 * There are two batches, in turn: one is applied, one is made.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storage/ipc.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/wait.h"
#include "catalog/zone.h"
#include "errors.h"
#include "stream/event_reading.h"
#include "worker/ahead.h"

#define PORTION			256		/* events, that the processor's caches hold */

/* How much less the thread has to say than the server's process, where both want one processor: added to its niceness. */
#define MODESTY			5

/* Blocks from here on go back to the system at once: the library would hold more and more of them, in pieces. */
#define OWN_BLOCK		(128 * 1024)

enum
{
	GO_ON,
	HAND_OVER,
	STOP
};

struct YsAhead
{
	YsAhead    *next;			/* in the process's list */
	YsHandle   *owner;
	YsAheadSource source;
	YsArena		declared;		/* the reading */
	const YsEventReading *reading;
	YsKeyFit	fits[2];
	YsJsonReader *reader;		/* of what makes batches */
	YsJsonReader *again;		/* of what decodes again */
	YsArena		portion;
	YsEventBatch batches[2];
	YsAheadPolicies policies[2];	/* that they are for */
	int			turn;			/* which is made next, or is under way */
	bool		busy;
	pthread_t	thread;
	int			told_fd;		/* readable when the thread was told something */
	int			done_fd;		/* readable when it has done */
	atomic_int	told;

	/* the thread's until it is joined */
	YsAheadLimits limits;
	bool		ok;
	YsError		err;
};

static YsAhead *open_aheads = NULL;

/* ---- the thread ---- */

static bool
is_long_enough(const YsAhead *ahead, const YsEventBatch *batch, int told)
{
	const YsAheadLimits *limits = &ahead->limits;

	return told == STOP || batch->count >= limits->most_events ||
		ys_event_batch_bytes(batch) >= limits->most_bytes ||
		(told == HAND_OVER && (batch->count >= limits->enough_events || batch->payload >= limits->enough_bytes));
}

/* Take what is there, or a part of it.  *more is false when there is nothing now, *ends when there never will be. */
static bool
add_portion(YsAhead *ahead, YsEventBatch *batch, bool *more, bool *ends)
{
	const YsAheadSource *source = &ahead->source;
	int			most = Min(PORTION, ahead->limits.most_events - batch->count);
	YsMessage  *messages;
	int			count;
	bool		ok;

	ys_arena_reset(&ahead->portion);
	ok = source->take(source->arg, most, ahead->limits.enough_bytes, &ahead->portion, &count, &messages, &ahead->err);
	*more = ok && count > 0;
	*ends = !ok;

	/* what came before is handed over first; then it will be said again */
	if (!ok)
		return batch->count > 0;
	return ys_event_batch_add(batch, ahead->reading, ahead->fits, ahead->reader, count, messages, &ahead->err);
}

/* What the policies make of an item. */
static bool
make_entries(const YsAheadPolicies *policies, YsEvent *event, YsArena *arena, YsError *err)
{
	event->entries = ys_arena_alloc_zero(arena, sizeof(YsEntry) * (size_t) policies->count);
	if (event->entries == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold the entries of a batch");
	for (int p = 0; p < policies->count; p++)
	{
		YsBindings	bindings = *policies->each[p].bindings;
		bool		unknown = false;

		bindings.find_zone = ys_zones_find_known;
		bindings.find_zone_arg = &unknown;
		if (!ys_policy_apply(policies->each[p].policy, &bindings, event->new_image, arena, &event->entries[p], err))
			return false;
		if (unknown)
			event->entries[p].area = NULL;
	}
	return true;
}

/* The entries of a batch's messages, from one up to another, that are decoded. */
static bool
make_all_entries(const YsAhead *ahead, YsEventBatch *batch, int from, int to, YsArena *arena, YsError *err)
{
	const YsAheadPolicies *policies = &ahead->policies[batch - ahead->batches];

	for (int i = from; i < to && policies->count > 0; i++)
	{
		YsEvents   *events = &batch->events[i];

		for (int e = 0; e < events->count; e++)
		{
			YsEvent    *event = &events->events[e];

			if (event->error == NULL && event->new_image != NULL && !make_entries(policies, event, arena, err))
				return false;
		}
	}
	return true;
}

static void
await_more(const YsAhead *ahead)
{
	struct pollfd fds[] = {{ahead->source.fd, POLLIN, 0}, {ahead->told_fd, POLLIN, 0}};

	(void) poll(fds, lengthof(fds), -1);
}

static void
make_batch(YsAhead *ahead)
{
	YsEventBatch *batch = &ahead->batches[ahead->turn];
	bool		more = true;
	bool		ends = false;

	for (;;)
	{
		int			told = atomic_load(&ahead->told);

		if (ends || is_long_enough(ahead, batch, told) || (!more && told == HAND_OVER))
			break;
		if (!more)
			await_more(ahead);
		ahead->ok = add_portion(ahead, batch, &more, &ends);
		if (!ahead->ok)
			return;
	}
	ahead->ok = ys_event_batch_finish(batch, &ahead->err) &&
		(batch->forgets || make_all_entries(ahead, batch, 0, batch->count, &batch->arena, &ahead->err));
}

/* While a batch is applied nobody waits for the next one.  On Linux each thread has a niceness of its own. */
static void
step_back(void)
{
	id_t		self = (id_t) gettid();

	(void) setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + MODESTY);
}

static void *
run_thread(void *arg)
{
	static const uint64 one = 1;
	YsAhead    *ahead = arg;

	step_back();
	make_batch(ahead);

	/* there is room for it */
	if (write(ahead->done_fd, &one, sizeof(one)) < 0)
		return NULL;
	return NULL;
}

/* ---- ownership ---- */

static void
tell(YsAhead *ahead, int what)
{
	static const uint64 one = 1;

	atomic_store(&ahead->told, what);
	if (write(ahead->told_fd, &one, sizeof(one)) < 0)
		elog(LOG, "could not wake a thread: %m");
}

/* What was written to a descriptor is forgotten. */
static void
clear(int fd)
{
	uint64		count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void
join(YsAhead *ahead)
{
	(void) pthread_join(ahead->thread, NULL);
	ahead->busy = false;
	clear(ahead->told_fd);
	clear(ahead->done_fd);
}

static void
stop(YsAhead *ahead)
{
	if (!ahead->busy)
		return;
	tell(ahead, STOP);
	join(ahead);
}

/* The handle's release function. */
static void
release_ahead(void *handle)
{
	YsAhead    *ahead = handle;
	YsAhead   **link = &open_aheads;

	while (*link != NULL && *link != ahead)
		link = &(*link)->next;
	if (*link != NULL)
		*link = ahead->next;
	stop(ahead);
	for (int i = 0; i < lengthof(ahead->batches); i++)
		ys_event_batch_free(&ahead->batches[i]);
	ys_arena_free(&ahead->portion);
	ys_arena_free(&ahead->declared);
	ys_json_reader_destroy(ahead->reader);
	ys_json_reader_destroy(ahead->again);
	if (ahead->told_fd >= 0)
		close(ahead->told_fd);
	if (ahead->done_fd >= 0)
		close(ahead->done_fd);
	free(ahead);
}

/* Before the clients that threads take from are gone, and the libraries' own exit handlers run. */
static void
stop_all(int code, Datum arg)
{
	for (YsAhead *ahead = open_aheads; ahead != NULL; ahead = ahead->next)
		stop(ahead);
}

YsAhead *
ys_ahead_open(MemoryContext context, const YsAheadSource *source, const YsEventReading *reading, const YsKeyFit *fits)
{
	static bool registered = false;
	YsAhead    *ahead;

	if (!registered)
	{
		before_shmem_exit(stop_all, (Datum) 0);
		(void) mallopt(M_MMAP_THRESHOLD, OWN_BLOCK);
	}
	registered = true;
	ahead = calloc(1, sizeof(YsAhead));
	if (ahead == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	ahead->source = *source;
	ys_arena_init(&ahead->declared, ys_arena_malloc, 0);
	ys_arena_init(&ahead->portion, ys_arena_malloc, 0);
	for (int i = 0; i < lengthof(ahead->batches); i++)
		ys_event_batch_init(&ahead->batches[i], ys_arena_malloc);
	ahead->told_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ahead->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ahead->owner = ys_handle_own(context, ahead, release_ahead);
	ahead->next = open_aheads;
	open_aheads = ahead;
	if (ahead->told_fd < 0 || ahead->done_fd < 0)
		ereport(ERROR, (errmsg("could not make an event descriptor: %m")));
	memcpy(ahead->fits, fits, sizeof(YsKeyFit) * reading->nkeys);
	ahead->reading = ys_event_reading_copy(reading, &ahead->declared);
	ahead->reader = ys_json_reader_create();
	ahead->again = ys_json_reader_create();
	if (ahead->reading == NULL || ahead->reader == NULL || ahead->again == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return ahead;
}

void
ys_ahead_close(YsAhead *ahead)
{
	ys_handle_release(ahead->owner);
}

bool
ys_ahead_reads(const YsAhead *ahead, const YsEventReading *reading, const YsKeyFit *fits)
{
	for (int k = 0; k < Min(reading->nkeys, ahead->reading->nkeys); k++)
	{
		if (fits[k].sure != ahead->fits[k].sure || fits[k].min != ahead->fits[k].min || fits[k].max != ahead->fits[k].max)
			return false;
	}
	return ys_event_reading_same(ahead->reading, reading);
}

/* ---- batches ---- */

/* Have the next batch empty.  A long one takes much memory, which it leaves in pieces that nobody else could use. */
static void
prepare(YsAhead *ahead, const YsAheadLimits *limits, const YsAheadPolicies *policies, int told)
{
	YsEventBatch *batch = &ahead->batches[ahead->turn];

	if (batch->forgets)
	{
		ys_event_batch_free(batch);
		(void) malloc_trim(0);
	}
	ys_event_batch_begin(batch, limits->kept_bytes);
	ahead->policies[ahead->turn] = *policies;
	ahead->limits = *limits;
	atomic_store(&ahead->told, told);
}

/* A thread without the server's signals; false when there is none to be had. */
static bool
create_thread(pthread_t *thread, void *(*run) (void *arg), void *arg)
{
	bool		created;

	ys_signals_block();
	created = pthread_create(thread, NULL, run, arg) == 0;
	ys_signals_restore();
	return created;
}

void
ys_ahead_begin(YsAhead *ahead, const YsAheadLimits *limits, const YsAheadPolicies *policies)
{
	Assert(!ahead->busy);
	prepare(ahead, limits, policies, GO_ON);
	ahead->busy = create_thread(&ahead->thread, run_thread, ahead);
}

bool
ys_ahead_is_busy(const YsAhead *ahead)
{
	return ahead->busy;
}

bool
ys_ahead_take(YsAhead *ahead, const YsAheadLimits *limits, const YsAheadPolicies *policies, YsEventBatch **batch,
			  YsError *err)
{
	if (ahead->busy)
	{
		tell(ahead, HAND_OVER);
		while (!ys_wait_for(YS_WAIT_STREAM, ahead->done_fd, -1))
			;
		join(ahead);
	}
	else
	{
		prepare(ahead, limits, policies, HAND_OVER);
		make_batch(ahead);
	}
	*batch = &ahead->batches[ahead->turn];
	ahead->turn = 1 - ahead->turn;
	if (!ahead->ok)
		*err = ahead->err;
	return ahead->ok;
}

/* ---- decoding again ---- */

typedef struct Part
{
	const YsAhead *ahead;
	YsEventBatch *batch;
	YsJsonReader *reader;
	YsArena    *arena;
	int			from;
	int			to;
	bool		ok;
	YsError		err;
} Part;

static void *
decode_part(void *arg)
{
	Part	   *part = arg;

	part->ok = ys_event_batch_decode(part->batch, part->ahead->reading, part->reader, part->from, part->to, part->arena,
									 &part->err) &&
		make_all_entries(part->ahead, part->batch, part->from, part->to, part->arena, &part->err);
	return NULL;
}

void
ys_ahead_decode(YsAhead *ahead, YsEventBatch *batch, YsJsonReader *reader, YsArena *arena)
{
	int			middle = ys_event_batch_middle(batch);
	Part		own = {ahead, batch, reader, arena, 0, middle};
	Part		other = {ahead, batch, ahead->again, &batch->arena, middle, batch->count};
	pthread_t	thread;
	bool		created;

	if (batch->decoded != NULL)
		return;
	created = create_thread(&thread, decode_part, &other);
	(void) decode_part(&own);
	if (created)
		(void) pthread_join(thread, NULL);
	else
		(void) decode_part(&other);
	if (!own.ok)
		ys_error_throw(&own.err);
	if (!other.ok || !ys_event_batch_list(batch, &other.err))
		ys_error_throw(&other.err);
}

int
ys_ahead_entry_number(const YsAhead *ahead, const YsEventBatch *batch, const YsPolicy *policy,
					  const YsBindings *bindings)
{
	const YsAheadPolicies *policies = &ahead->policies[batch - ahead->batches];

	for (int p = 0; p < policies->count; p++)
	{
		if (policies->each[p].policy == policy && policies->each[p].bindings == bindings)
			return p;
	}
	return -1;
}
