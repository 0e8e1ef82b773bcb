/*-------------------------------------------------------------------------
 * quarantine.c
 *	  Trying again and discarding what is in quarantine.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "api/check.h"
#include "catalog/quarantine.h"
#include "worker/retry.h"

PG_FUNCTION_INFO_V1(ys_quarantine_retry);
PG_FUNCTION_INFO_V1(ys_quarantine_discard);

/* The policy in the first argument, and the entry in the second: 0 for NULL, which is all of it. */
static YsPolicyRow *
read_arguments(FunctionCallInfo fcinfo, int64 *quarantine_id)
{
	static const char *const names[] = {"policy"};

	ys_check_not_null(fcinfo, names, lengthof(names));
	*quarantine_id = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);
	return ys_check_own_policy(NameStr(*PG_GETARG_NAME(0)), false);
}

/* yottastore.quarantine_retry(policy, quarantine_id) */
Datum
ys_quarantine_retry(PG_FUNCTION_ARGS)
{
	int64		quarantine_id;
	YsPolicyRow *row = read_arguments(fcinfo, &quarantine_id);

	/* identities begin with 1 */
	if (!PG_ARGISNULL(1) && quarantine_id == 0)
		PG_RETURN_INT64(0);
	PG_RETURN_INT64(ys_quarantine_retry_entries(row, quarantine_id));
}

/* yottastore.quarantine_discard(policy, quarantine_id) */
Datum
ys_quarantine_discard(PG_FUNCTION_ARGS)
{
	int64		quarantine_id;
	YsPolicyRow *row = read_arguments(fcinfo, &quarantine_id);

	if (!PG_ARGISNULL(1) && quarantine_id == 0)
		PG_RETURN_INT64(0);
	PG_RETURN_INT64(ys_quarantine_discard_entries(row->policy_id, quarantine_id));
}
