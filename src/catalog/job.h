/*-------------------------------------------------------------------------
 * job.h
 *	  The catalog of jobs: long work on a policy's rows, asked for here and
 *	  done by the policy's stream worker.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.  A job's row is locked after its policy's.  The worker
 * never waits for a job's row that a session has locked: it comes back later.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_JOB_H
#define YS_CATALOG_JOB_H

#include "catalog/policy.h"
#include "utils/array.h"

typedef enum YsJobKind
{
	YS_JOB_RELOCATE,			/* move every row to the area it belongs to */
	YS_JOB_RESYNC,				/* read all of the store anew: see resync.h */
	YS_JOB_REBUILD,				/* make all rows anew beside those there are: see rebuild.h */
	YS_JOB_VERIFY				/* compare all rows with the store: see verify.h */
} YsJobKind;

typedef enum YsJobState
{
	YS_JOB_QUEUED,
	YS_JOB_RUNNING,
	YS_JOB_DONE,
	YS_JOB_STOPPED,
	YS_JOB_FAILED
} YsJobState;

extern const char *ys_job_state_name(YsJobState state);

#define ys_job_state_is_final(state) ((state) >= YS_JOB_DONE)

/* A job and its policy, as whoever asks about it needs them. */
typedef struct YsJob
{
	int64		job_id;
	int			policy_id;
	YsJobKind	kind;
	YsJobState	state;
	bool		held;			/* by this transaction, which asked for it: it begins after it */
	char	   *policy_name;
	Oid			owner;
	Oid			index_table;
	YsPhase		phase;			/* of the rebuild, for one under way that is not the policy's own */
} YsJob;

/*
 * Ask for a job: the id of one that waits to begin, or of a new one.  Old jobs that have
 * ended are forgotten.  0 when the policy is gone.
 */
extern int64 ys_job_queue(int policy_id, YsJobKind kind);

/* Forget a policy's jobs that have ended, but the last ones. */
extern void ys_job_forget_old(int policy_id);

/* NULL when there is none of that id. */
extern YsJob *ys_job_find(int64 job_id);

/* False when it had ended.  A policy whose resync is stopped is INCOMPLETE. */
extern bool ys_job_set_stopped(int64 job_id);

/* ---- for the worker ---- */

/* The job of a kind that a policy has under way, or else the next. */
typedef struct YsJobTurn
{
	int			policy_id;
	YsJobKind	kind;
	int64		job_id;
} YsJobTurn;

/* List of YsJobTurn for the policies that follow a stream together; a resync and a rebuild are done by backfill. */
extern List *ys_job_turns(const YsPolicyStream *stream);

/*
 * Lock a job until the transaction ends.  False when it has ended, is gone, or a session has it
 * locked.  next_key is palloc'd, NULL at the start.
 */
extern bool ys_job_take(int64 job_id, ArrayType **next_key);

/*
 * Some more of a job that was taken has been done, up to next_key; NULL: all of it.  Of what was refused, reason
 * (NULL: nothing was) is the first's.
 */
extern void ys_job_advance(int64 job_id, ArrayType *next_key, int64 seen, int64 moved, int64 refused,
						   const char *reason);

extern void ys_job_fail(int64 job_id, const char *reason);

#endif							/* YS_CATALOG_JOB_H */
