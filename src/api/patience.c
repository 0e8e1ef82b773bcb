/*-------------------------------------------------------------------------
 * patience.c
 *	  SQL functions that wait for what a worker does.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "api/patience.h"
#include "base/wait.h"

#define FIRST_POLL_MS	5
#define LONGEST_POLL_MS	50
#define SLEEP_MS		1000

void
ys_patience_begin(YsPatience *patience, Datum timeout, const char *function, const char *what)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("%s cannot see %s in a %s transaction", function, what,
						IsolationIsSerializable() ? "serializable" : "repeatable read"),
				 errhint("Call it before the transaction, or use READ COMMITTED.")));
	patience->called_at = GetCurrentTimestamp();
	patience->deadline = DatumGetTimestampTz(
		DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(patience->called_at), timeout));
	if (patience->deadline < patience->called_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("timeout must not be negative"),
				 errdetail("It is how long %s waits at most.", function),
				 errhint("Give 0 to look once.")));
	patience->poll_ms = FIRST_POLL_MS;
}

/* Milliseconds until the deadline, rounded up; 0 when it has passed. */
static long
time_left(const YsPatience *patience)
{
	return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), patience->deadline);
}

bool
ys_patience_pause(YsPatience *patience)
{
	long		left = time_left(patience);

	if (left == 0)
		return false;
	(void) ys_wait_for(YS_WAIT_JOB, -1, Min(left, patience->poll_ms));
	patience->poll_ms = Min(patience->poll_ms * 2, LONGEST_POLL_MS);
	return true;
}

bool
ys_patience_sleep(YsPatience *patience)
{
	long		left = time_left(patience);

	if (left == 0)
		return false;
	(void) ys_wait_for(YS_WAIT_INDEX, -1, Min(left, SLEEP_MS));
	return true;
}
