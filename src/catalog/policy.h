/*-------------------------------------------------------------------------
 * policy.h
 *	  The catalog of index policies: rows of yottastore_internal.policy and
 *	  what hangs on them.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_POLICY_H
#define YS_CATALOG_POLICY_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "stream/kafka.h"

typedef enum YsPhase
{
	YS_PHASE_STARTING,
	YS_PHASE_BACKFILL,
	YS_PHASE_LIVE,
	YS_PHASE_PAUSED,
	YS_PHASE_INCOMPLETE
} YsPhase;

extern const char *ys_phase_name(YsPhase phase);
extern YsPhase ys_phase_by_name(const char *name);

/* What to do about a policy that is PAUSED or INCOMPLETE, as a sentence; NULL for other phases. */
extern const char *ys_phase_hint(YsPhase phase);

typedef struct YsPolicyRow
{
	int			policy_id;
	char	   *name;
	Oid			owner;
	Oid			source;
	Oid			stream;			/* InvalidOid: the store's own */
	Oid			index_table;
	char	   *topic;			/* that the positions are in, or the store's stream; NULL: there are none yet */
	char	   *declaration;	/* JSON text */
	YsPhase		phase;
	int			epoch;
	int			layout;			/* of the topic: how often it got more partitions */
	int			max_areas;		/* that get a partition of their own */
	int			rebuilds;		/* the policy whose rows it makes anew (rebuild.h), 0: none */
	Oid			model;			/* that policy's index table */
	char	   *store_table;	/* whose items its rows are of */
} YsPolicyRow;

/* What policies of one owner follow together: a stream, or the stream of one source's store. */
typedef struct YsPolicyStream
{
	Oid			stream;
	Oid			source;			/* where there is no stream */
	Oid			owner;
} YsPolicyStream;

/* In SQL: a policy is its index table's owner's, whoever that is by now. */
#define YS_POLICY_OWNER \
	"COALESCE((SELECT c.relowner FROM pg_class c WHERE c.oid = index_table), owner)"

/* The policies of the YsPolicyStream whose members are the parameters 1 to 3. */
#define YS_POLICY_OF_STREAM \
	YS_POLICY_OWNER " = $3 AND CASE WHEN $1 <> 0 THEN stream = $1 ELSE stream IS NULL AND source = $2 END"

/* The table of policies, whose relcache entry is invalidated when one comes or goes; InvalidOid: there is none. */
extern Oid	ys_policies_relid(void);

/* Distinct streams of all policies, rebuilds included: list of YsPolicyStream. */
extern List *ys_policy_streams(void);

/* The policies of one of them: list of YsPolicyRow, by id. */
extern List *ys_policy_list(const YsPolicyStream *stream);

/* NULL when there is none of that name. */
extern YsPolicyRow *ys_policy_find(const char *name);

/* The rebuild of a policy that is under way, NULL: none is. */
extern YsPolicyRow *ys_policy_find_rebuild(int policy_id);

/*
 * Lock a policy and its row until the transaction ends and return its phase now;
 * false when the policy is gone.
 */
extern bool ys_policy_lock(int policy_id, YsPhase *phase);

/* A policy as it is while it is locked. */
typedef struct YsPolicyLocked
{
	YsPhase		phase;
	int			epoch;
	bool		areas_noted;	/* its rows have been placed before */
	uint64		areas;			/* by which areas, as a fingerprint */
} YsPolicyLocked;

/*
 * The same; false, too, when the policy's epoch is another: what the caller knows of it is of
 * before.  Not alone, several workers may write rows of different keys; whoever may meet
 * theirs, or changes what the policy is, locks it alone.
 */
extern bool ys_policy_lock_epoch(int policy_id, int epoch, bool alone, YsPolicyLocked *locked);

/*
 * Note whose policies and relays are, since their index tables or sources were given away: for the
 * views; what is read here is right in any case.
 */
extern void ys_policy_follow_owners(void);

/*
 * Returns the id.  phase and epoch are what they shall be; a rebuild has its policy's name.
 * Throws ERRCODE_UNIQUE_VIOLATION if the name is taken.
 */
extern int	ys_policy_insert(const YsPolicyRow *row);

/* Its rows will be of that table's items. */
extern void ys_policy_note_store_table(int policy_id, const char *store_table);
extern void ys_policy_delete(int policy_id);

/*
 * Pause a policy and its rebuild, or let them go on from where their positions and segments are.
 * False when all was paused already, or nothing was.
 */
extern bool ys_policy_pause(int policy_id);
extern bool ys_policy_resume(int policy_id);

/*
 * Pause a policy for what it can't go on with.  False, and nothing is changed, when it is INCOMPLETE, which a
 * resume must not end, or has begun anew since it was of that epoch.
 */
extern bool ys_policy_pause_for(int policy_id, int epoch, const char *reason);

/* reason NULL clears it. */
extern void ys_policy_set_phase(int policy_id, YsPhase phase, const char *reason);
extern void ys_policy_set_reason(int policy_id, const char *reason);

/*
 * Note the areas that a policy's rows go by from now on.  True when they went by others
 * before, so that there are rows to move.
 */
extern bool ys_policy_note_areas(int policy_id, uint64 fingerprint);

/* Note which synonyms and functions rows are written by from now on: their fingerprints. */
extern void ys_policy_note_rules(int policy_id, uint64 synonyms, uint64 functions);

/* Positions in topic have been saved: what is there already can be read. */
extern void ys_policy_begin_backfill(int policy_id, const char *topic);

/* All segments are done: from now on LIVE. */
extern void ys_policy_end_backfill(int policy_id);

/* How many items there may be to read; the first estimate stays. */
extern void ys_policy_estimate_backfill(int policy_id, int64 items);

/* Changes of source are missing in stream: no policy that has begun is complete any more. */
extern void ys_policy_mark_incomplete(Oid source, Oid stream, const char *reason);

/* ---- positions ---- */

typedef struct YsPolicyPosition
{
	int32		partition;
	int64		next_offset;
	int64		high_offset;
	bool		has_watermark;
	TimestampTz watermark;
	int64		layout_from;	/* what comes before is of the layout before */
} YsPolicyPosition;

/* Both allocate in / read from plain arrays; load returns the number.  Saving leaves layout_from as it is. */
extern int	ys_position_load(int policy_id, YsPolicyPosition **positions);
extern void ys_position_save(int policy_id, int count, const YsPolicyPosition *positions);

/*
 * A topic's partition ends here now: note it for the policies of that stream and owner that
 * are paused, or have a reason not to go on.
 */
extern void ys_position_raise_high(Oid stream, Oid owner, int32 partition, int64 high);

/* ---- backfill segments ---- */

typedef struct YsSegment
{
	int			segment;
	int			total;
	char	   *next_key;		/* typed JSON of where to go on, NULL: from the start */
	bool		done;
	int64		read;			/* to be saved: items read since it was saved before */
} YsSegment;

extern void ys_segment_create(int policy_id, int total);
extern int	ys_segment_load(int policy_id, YsSegment **segments);	/* those not done */
extern void ys_segment_save(int policy_id, const YsSegment *segment);

#endif							/* YS_CATALOG_POLICY_H */
