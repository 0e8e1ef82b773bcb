/*-------------------------------------------------------------------------
 * patience.c
 *	  SQL functions that wait for what a worker does: they look, again and
 *	  again, less and less often.
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

void
ys_patience_begin(YsPatience *patience, Datum timeout, const char *function, const char *what)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("%s cannot see %s in a repeatable read transaction", function, what),
				 errhint("Call it before the transaction, or use READ COMMITTED.")));
	patience->called_at = GetCurrentTimestamp();
	patience->deadline = DatumGetTimestampTz(
		DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(patience->called_at), timeout));
	patience->poll_ms = FIRST_POLL_MS;
}

bool
ys_patience_pause(YsPatience *patience)
{
	if (GetCurrentTimestamp() >= patience->deadline)
		return false;
	(void) ys_wait(-1, patience->poll_ms);
	patience->poll_ms = Min(patience->poll_ms * 2, LONGEST_POLL_MS);
	return true;
}
