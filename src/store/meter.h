/*-------------------------------------------------------------------------
 * meter.h
 *	  What all backends know together of a server's nodes: counters, health,
 *	  and what its limits have left.
 *
 * A table of fixed size in shared memory, when the library is preloaded; else
 * one of the process's own, which grows.  Whoever counts holds a YsMeter, a
 * place in the table with its generation: when the shared table is full, the
 * entry unused for the longest time is given to another node, and its old
 * holders see by the generation that they need a place anew.  So entries of
 * dropped servers are reused without anybody being told.
 *
 * Entries change owners under a lock; all else in them is atomic counters
 * and spinlocks held for a few instructions.  Nothing here waits for anything
 * else or throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_METER_H
#define YS_STORE_METER_H

#include "datatype/timestamp.h"
#include "port/atomics.h"

#include "store/latency.h"
#include "store/limit.h"

/* http(s)://, the longest host, a port */
#define YS_METER_NODE_MAX	272
#define YS_METER_ERROR_MAX	160

/* Whose counters; a server of 0 is nobody's. */
typedef struct YsMeterOwner
{
	uint32		database;
	uint32		server;
} YsMeterOwner;

typedef enum YsMeterCount
{
	YS_METER_REQUESTS,			/* sent, repeated ones included */
	YS_METER_RETRIES,			/* of them, repeated ones */
	YS_METER_THROTTLES,			/* answers that it is too much */
	YS_METER_FAILURES,			/* no answer, or one that the node failed */
	YS_METER_READ_UNITS,		/* thousandths */
	YS_METER_WRITE_UNITS,		/* thousandths */
	YS_METER_COUNTS
} YsMeterCount;

typedef struct YsMeterEntry
{
	pg_atomic_uint32 generation;	/* raised when the owner changes */
	YsMeterOwner owner;			/* server 0: free */
	char		node[YS_METER_NODE_MAX];	/* "" is the server as a whole */
	pg_atomic_uint64 used_at;	/* monotonic ms */

	/* a node's health: see node.h */
	pg_atomic_uint32 failures;	/* running */
	pg_atomic_uint64 probe_at;	/* down: monotonic ms of the next probe */
	pg_atomic_uint64 probe_ends;	/* a probe is under way until then at most */

	/* what a server's limits have left */
	YsBucket	requests;
	YsBucket	read_units;

	/* a node's counters */
	TimestampTz since;
	pg_atomic_uint64 counts[YS_METER_COUNTS];
	pg_atomic_uint64 latencies[YS_LATENCY_BUCKETS];
	pg_atomic_uint64 answered_at;	/* TimestampTz; 0: never */
	slock_t		error_lock;		/* of the two below */
	TimestampTz failed_at;
	char		error[YS_METER_ERROR_MAX];
} YsMeterEntry;

typedef struct YsMeter
{
	YsMeterEntry *entry;		/* NULL: no place yet */
	uint32		generation;
} YsMeter;

/* Called while libraries are preloaded: have a table of so many entries in shared memory. */
extern void ys_meter_preload(int entries);

/* Is it there, so that all backends count together? */
extern bool ys_meter_is_shared(void);

/* The entry of a node, or (node "") of a server; taken when it isn't there. */
extern YsMeterEntry *ys_meter_entry(YsMeter *meter, const YsMeterOwner *owner, const char *node);

/* Give up the entries of a server's nodes, or (server 0) of all of its database's. */
extern void ys_meter_forget(const YsMeterOwner *owner);

/* ---- counting ---- */

extern void ys_meter_sent(YsMeterEntry *entry, bool repeated, int64 now_ms);

/* us: how long it took; negative when that is not known. */
extern void ys_meter_answered(YsMeterEntry *entry, int64 us);
extern void ys_meter_throttled(YsMeterEntry *entry);
extern void ys_meter_failed(YsMeterEntry *entry, const char *reason);
extern void ys_meter_consumed(YsMeterEntry *entry, bool writes, double units);

/* ---- reading ---- */

typedef struct YsMeterReading
{
	uint32		server;
	char		node[YS_METER_NODE_MAX];
	uint32		failures;
	bool		probing;
	TimestampTz since;
	uint64		counts[YS_METER_COUNTS];
	uint64		latencies[YS_LATENCY_BUCKETS];
	TimestampTz answered_at;	/* 0: never */
	TimestampTz failed_at;		/* 0: never */
	char		error[YS_METER_ERROR_MAX];
} YsMeterReading;

/* All nodes of a database's servers; palloc'd, and may throw for want of memory. */
extern int	ys_meter_read(uint32 database, YsMeterReading **readings);

#endif							/* YS_STORE_METER_H */
