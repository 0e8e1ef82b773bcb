/*-------------------------------------------------------------------------
 * job.c
 *	  Starting jobs, asking about them, stopping them and waiting for them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/check.h"
#include "api/patience.h"
#include "catalog/job.h"
#include "catalog/rebuild.h"
#include "catalog/resync.h"
#include "catalog/verify.h"
#include "worker/follow.h"
#include "worker/wake.h"

PG_FUNCTION_INFO_V1(ys_index_relocate_start);
PG_FUNCTION_INFO_V1(ys_index_resync_start);
PG_FUNCTION_INFO_V1(ys_index_rebuild_start);
PG_FUNCTION_INFO_V1(ys_index_verify_start);
PG_FUNCTION_INFO_V1(ys_job_status);
PG_FUNCTION_INFO_V1(ys_job_stop);
PG_FUNCTION_INFO_V1(ys_job_wait);

/* yottastore.index_relocate_start(policy) */
Datum
ys_index_relocate_start(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy"};
	const char *name;
	int64		job_id;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	job_id = ys_job_queue(ys_check_own_policy(name, false)->policy_id, YS_JOB_RELOCATE);

	/* dropped in between: say so */
	if (job_id == 0)
		(void) ys_check_own_policy(name, false);
	PG_RETURN_INT64(job_id);
}

/* yottastore.index_resync_start(policy) */
Datum
ys_index_resync_start(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy"};
	const char *name;
	int			policy_id;
	int64		job_id;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	policy_id = ys_check_own_policy(name, false)->policy_id;
	(void) ys_rebuild_cancel(policy_id, YS_JOB_STOPPED, "a resync was started");
	job_id = ys_resync_begin(policy_id);
	if (job_id == 0)
		(void) ys_check_own_policy(name, false);
	ys_workers_wake_at_commit();
	PG_RETURN_INT64(job_id);
}

/* yottastore.index_rebuild_start(policy) */
Datum
ys_index_rebuild_start(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy"};
	const char *name;
	YsFollow   *follow;
	int64		job_id;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	follow = ys_follow_open(CurrentMemoryContext, ys_check_own_policy(name, false), NULL);
	job_id = ys_rebuild_begin(follow->row, follow->source, follow->table);
	if (job_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index policy \"%s\" was dropped or begun anew meanwhile", name),
				 errhint("Try again.")));
	ys_workers_wake_at_commit();
	PG_RETURN_INT64(job_id);
}

/* yottastore.index_verify_start(policy, repair) */
Datum
ys_index_verify_start(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy", "repair"};
	const char *name;
	int64		job_id;

	ys_check_not_null(fcinfo, names, lengthof(names));
	name = NameStr(*PG_GETARG_NAME(0));
	job_id = ys_verify_begin(ys_check_own_policy(name, false)->policy_id, PG_GETARG_BOOL(1));
	if (job_id == 0)
		(void) ys_check_own_policy(name, false);
	PG_RETURN_INT64(job_id);
}

/* A job that the caller may see; throws when there is none. */
static YsJob *
find_job(int64 job_id)
{
	YsJob	   *job = ys_job_find(job_id);

	if (job == NULL ||
		(pg_class_aclcheck(job->index_table, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		 !has_privs_of_role(GetUserId(), job->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("job " INT64_FORMAT " does not exist", job_id),
				 errdetail("A policy's old jobs are forgotten, and all of them when it is dropped."),
				 errhint("The view yottastore.jobs lists those there are.")));
	return job;
}

/* yottastore.job_status(job_id) */
Datum
ys_job_status(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"job_id"};

	ys_check_not_null(fcinfo, names, lengthof(names));
	PG_RETURN_TEXT_P(cstring_to_text(ys_job_state_name(find_job(PG_GETARG_INT64(0))->state)));
}

/* yottastore.job_stop(job_id) */
Datum
ys_job_stop(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"job_id"};
	const YsJob *job;
	bool		stopped;

	ys_check_not_null(fcinfo, names, lengthof(names));
	job = find_job(PG_GETARG_INT64(0));
	(void) ys_check_own_policy(job->policy_name, false);
	if (job->kind == YS_JOB_REBUILD)
		stopped = !ys_job_state_is_final(job->state) &&
			ys_rebuild_cancel(job->policy_id, YS_JOB_STOPPED, "stopped by request");
	else
		stopped = ys_job_set_stopped(job->job_id);
	PG_RETURN_BOOL(stopped);
}

/* Throws when a job that has not ended can't end while the caller waits. */
static void
check_can_end(const YsJob *job)
{
	if (job->held)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("job " INT64_FORMAT " begins when this transaction has ended", job->job_id),
				 errhint("Start and wait in two transactions.")));
	if (job->phase == YS_PHASE_PAUSED || job->phase == YS_PHASE_INCOMPLETE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index policy \"%s\" is %s", job->policy_name, ys_phase_name(job->phase)),
				 errdetail("Its jobs rest, so waiting would not end."),
				 errhint("%s", ys_phase_hint(job->phase))));
}

/* yottastore.job_wait(job_id, timeout) */
Datum
ys_job_wait(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"job_id", "timeout"};
	MemoryContext round = AllocSetContextCreate(CurrentMemoryContext, "yottastore job_wait",
												ALLOCSET_SMALL_SIZES);
	YsPatience	patience;
	bool		ended;

	ys_check_not_null(fcinfo, names, lengthof(names));
	ys_patience_begin(&patience, PG_GETARG_DATUM(1), "job_wait", "the job end");
	do
	{
		MemoryContext old = MemoryContextSwitchTo(round);
		const YsJob *job = find_job(PG_GETARG_INT64(0));

		ended = ys_job_state_is_final(job->state);
		if (!ended)
			check_can_end(job);
		MemoryContextSwitchTo(old);
		MemoryContextReset(round);
	} while (!ended && ys_patience_pause(&patience));
	MemoryContextDelete(round);
	PG_RETURN_BOOL(ended);
}
