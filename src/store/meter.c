/*-------------------------------------------------------------------------
 * meter.c
 *	  What all backends know together of a server's nodes: the table.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/wait.h"
#include "store/meter.h"

#define TABLE_NAME		"yottastore meters"

/* The shared table; NULL without preloading. */
static YsMeterEntry *shared = NULL;
static int	nshared = 0;
static LWLock *lock = NULL;

/* The process's own. */
static YsMeterEntry **own = NULL;
static int	nown = 0;

static shmem_request_hook_type next_request_hook = NULL;
static shmem_startup_hook_type next_startup_hook = NULL;

/* ---- shared memory ---- */

static Size
table_size(void)
{
	return mul_size((Size) nshared, sizeof(YsMeterEntry));
}

static void
request_memory(void)
{
	if (next_request_hook != NULL)
		next_request_hook();
	RequestAddinShmemSpace(table_size());
	RequestNamedLWLockTranche(TABLE_NAME, 1);
}

/* All but the locks and the generation. */
static void
clear_entry(YsMeterEntry *entry)
{
	memset(&entry->owner, 0, sizeof(entry->owner));
	entry->node[0] = '\0';
	pg_atomic_write_u64(&entry->used_at, 0);
	pg_atomic_write_u32(&entry->failures, 0);
	pg_atomic_write_u64(&entry->probe_at, 0);
	pg_atomic_write_u64(&entry->probe_ends, 0);
	ys_bucket_clear(&entry->requests);
	ys_bucket_clear(&entry->read_units);
	entry->since = 0;
	for (int i = 0; i < YS_METER_COUNTS; i++)
		pg_atomic_write_u64(&entry->counts[i], 0);
	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
		pg_atomic_write_u64(&entry->latencies[i], 0);
	pg_atomic_write_u64(&entry->answered_at, 0);
	SpinLockAcquire(&entry->error_lock);
	entry->failed_at = 0;
	entry->error[0] = '\0';
	SpinLockRelease(&entry->error_lock);
}

static void
init_entry(YsMeterEntry *entry)
{
	pg_atomic_init_u32(&entry->generation, 0);
	pg_atomic_init_u64(&entry->used_at, 0);
	pg_atomic_init_u32(&entry->failures, 0);
	pg_atomic_init_u64(&entry->probe_at, 0);
	pg_atomic_init_u64(&entry->probe_ends, 0);
	ys_bucket_init(&entry->requests);
	ys_bucket_init(&entry->read_units);
	for (int i = 0; i < YS_METER_COUNTS; i++)
		pg_atomic_init_u64(&entry->counts[i], 0);
	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
		pg_atomic_init_u64(&entry->latencies[i], 0);
	pg_atomic_init_u64(&entry->answered_at, 0);
	SpinLockInit(&entry->error_lock);
	clear_entry(entry);
}

static void
start_memory(void)
{
	bool		found;

	if (next_startup_hook != NULL)
		next_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(TABLE_NAME, table_size(), &found);
	lock = &GetNamedLWLockTranche(TABLE_NAME)->lock;
	if (!found)
		for (int i = 0; i < nshared; i++)
			init_entry(&shared[i]);
	LWLockRelease(AddinShmemInitLock);
}

void
ys_meter_preload(int entries)
{
	nshared = entries;
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

bool
ys_meter_is_shared(void)
{
	return shared != NULL;
}

/* ---- the table, wherever it is ---- */

static int
table_count(void)
{
	return shared != NULL ? nshared : nown;
}

static YsMeterEntry *
table_entry(int index)
{
	return shared != NULL ? &shared[index] : own[index];
}

static void
lock_table(LWLockMode mode)
{
	if (shared != NULL)
		LWLockAcquire(lock, mode);
}

static void
unlock_table(void)
{
	if (shared != NULL)
		LWLockRelease(lock);
}

static YsMeterEntry *
find_entry(const YsMeterOwner *owner, const char *node)
{
	for (int i = 0; i < table_count(); i++)
	{
		YsMeterEntry *entry = table_entry(i);

		if (entry->owner.server == owner->server && entry->owner.database == owner->database &&
			strcmp(entry->node, node) == 0)
			return entry;
	}
	return NULL;
}

/* The one unused for the longest time; free ones count as never used. */
static YsMeterEntry *
find_victim(void)
{
	YsMeterEntry *victim = NULL;

	for (int i = 0; i < table_count(); i++)
	{
		YsMeterEntry *entry = table_entry(i);

		if (victim == NULL ||
			pg_atomic_read_u64(&entry->used_at) < pg_atomic_read_u64(&victim->used_at))
			victim = entry;
	}
	return victim;
}

/* One more entry of the process's own table; NULL when there is no memory. */
static YsMeterEntry *
grow_table(void)
{
	YsMeterEntry *entry;
	YsMeterEntry **larger;

	entry = MemoryContextAllocExtended(TopMemoryContext, sizeof(YsMeterEntry), MCXT_ALLOC_NO_OOM);
	if (entry == NULL)
		return NULL;
	larger = MemoryContextAllocExtended(TopMemoryContext, (nown + 1) * sizeof(YsMeterEntry *),
										MCXT_ALLOC_NO_OOM);
	if (larger == NULL)
	{
		pfree(entry);
		return NULL;
	}
	if (own != NULL)
	{
		memcpy(larger, own, nown * sizeof(YsMeterEntry *));
		pfree(own);
	}
	init_entry(entry);
	own = larger;
	own[nown++] = entry;
	return entry;
}

/* Where a node can be entered that is not in the table; the table is locked. */
static YsMeterEntry *
find_place(void)
{
	static YsMeterEntry spare;	/* when all else fails: what is counted here nobody reads */
	static bool spare_ready = false;
	YsMeterEntry *entry = find_victim();

	if (shared == NULL && (entry == NULL || entry->owner.server != 0))
		entry = grow_table();
	if (entry != NULL)
		return entry;
	if (!spare_ready)
		init_entry(&spare);
	spare_ready = true;
	return &spare;
}

/* Make it the entry of another node; its old holders see that by the generation. */
static void
assign_entry(YsMeterEntry *entry, const YsMeterOwner *owner, const char *node)
{
	pg_atomic_fetch_add_u32(&entry->generation, 1);
	clear_entry(entry);
	if (owner == NULL)
		return;
	entry->owner = *owner;
	strlcpy(entry->node, node, sizeof(entry->node));
	entry->since = GetCurrentTimestamp();
	pg_atomic_write_u64(&entry->used_at, (uint64) ys_clock_ms());
}

YsMeterEntry *
ys_meter_entry(YsMeter *meter, const YsMeterOwner *owner, const char *node)
{
	YsMeterEntry *entry = meter->entry;

	if (entry != NULL && pg_atomic_read_u32(&entry->generation) == meter->generation)
		return entry;

	lock_table(LW_EXCLUSIVE);
	entry = find_entry(owner, node);
	if (entry == NULL)
	{
		entry = find_place();
		assign_entry(entry, owner, node);
	}
	meter->entry = entry;
	meter->generation = pg_atomic_read_u32(&entry->generation);
	unlock_table();
	return entry;
}

void
ys_meter_forget(const YsMeterOwner *owner)
{
	lock_table(LW_EXCLUSIVE);
	for (int i = 0; i < table_count(); i++)
	{
		YsMeterEntry *entry = table_entry(i);

		/* what its limits have left stays */
		if (entry->owner.server != 0 && entry->owner.database == owner->database &&
			(owner->server == 0 || entry->owner.server == owner->server) && entry->node[0] != '\0')
			assign_entry(entry, NULL, NULL);
	}
	unlock_table();
}

/* ---- reading ---- */

static void
read_entry(YsMeterEntry *entry, int64 now, YsMeterReading *reading)
{
	memcpy(reading->node, entry->node, sizeof(reading->node));
	reading->server = entry->owner.server;
	reading->failures = pg_atomic_read_u32(&entry->failures);
	reading->probing = (int64) pg_atomic_read_u64(&entry->probe_ends) > now;
	reading->since = entry->since;
	for (int i = 0; i < YS_METER_COUNTS; i++)
		reading->counts[i] = pg_atomic_read_u64(&entry->counts[i]);
	for (int i = 0; i < YS_LATENCY_BUCKETS; i++)
		reading->latencies[i] = pg_atomic_read_u64(&entry->latencies[i]);
	reading->answered_at = (TimestampTz) pg_atomic_read_u64(&entry->answered_at);
	SpinLockAcquire(&entry->error_lock);
	reading->failed_at = entry->failed_at;
	memcpy(reading->error, entry->error, sizeof(reading->error));
	SpinLockRelease(&entry->error_lock);
}

int
ys_meter_read(uint32 database, YsMeterReading **readings)
{
	int			count = 0;
	int			room = table_count();
	int64		now = ys_clock_ms();

	*readings = palloc(Max(room, 1) * sizeof(YsMeterReading));
	lock_table(LW_SHARED);
	for (int i = 0; i < room; i++)
	{
		YsMeterEntry *entry = table_entry(i);

		if (entry->owner.server != 0 && entry->owner.database == database && entry->node[0] != '\0')
			read_entry(entry, now, &(*readings)[count++]);
	}
	unlock_table();
	return count;
}

/* ---- counting ---- */

void
ys_meter_sent(YsMeterEntry *entry, bool repeated, int64 now_ms)
{
	pg_atomic_write_u64(&entry->used_at, (uint64) now_ms);
	pg_atomic_fetch_add_u64(&entry->counts[YS_METER_REQUESTS], 1);
	if (repeated)
		pg_atomic_fetch_add_u64(&entry->counts[YS_METER_RETRIES], 1);
}

void
ys_meter_answered(YsMeterEntry *entry, int64 us)
{
	pg_atomic_write_u64(&entry->answered_at, (uint64) GetCurrentTimestamp());
	if (us >= 0)
		pg_atomic_fetch_add_u64(&entry->latencies[ys_latency_bucket(us)], 1);
}

void
ys_meter_throttled(YsMeterEntry *entry)
{
	pg_atomic_fetch_add_u64(&entry->counts[YS_METER_THROTTLES], 1);
}

void
ys_meter_failed(YsMeterEntry *entry, const char *reason)
{
	TimestampTz now = GetCurrentTimestamp();
	size_t		len = pg_mbcliplen(reason, (int) strlen(reason), YS_METER_ERROR_MAX - 1);

	pg_atomic_fetch_add_u64(&entry->counts[YS_METER_FAILURES], 1);
	SpinLockAcquire(&entry->error_lock);
	entry->failed_at = now;
	memcpy(entry->error, reason, len);
	entry->error[len] = '\0';
	SpinLockRelease(&entry->error_lock);
}

void
ys_meter_consumed(YsMeterEntry *entry, bool writes, double units)
{
	if (units > 0)
		pg_atomic_fetch_add_u64(&entry->counts[writes ? YS_METER_WRITE_UNITS : YS_METER_READ_UNITS],
								(int64) rint(units * 1000));
}
