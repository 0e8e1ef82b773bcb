/*-------------------------------------------------------------------------
 * quota.c
 *	  When the limits of a server let a request go.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/quota.h"

/* A debt may be forgiven before it is paid, by a read that cost less than it was charged. */
#define LOOK_AGAIN_US	INT64CONST(50000)

bool
ys_quota_admit(YsQuota *quota, bool reads, int64 now, double *charged, int64 *again_at)
{
	bool		measured = reads && quota->read_units > 0;
	YsMeterEntry *meter;

	if (quota->requests <= 0 && !measured)
		return true;
	meter = ys_meter_entry(&quota->meter, &quota->owner, "");
	pg_atomic_write_u64(&meter->used_at, (uint64) (now / 1000));
	if (measured)
	{
		int64		solvent_at = ys_bucket_solvent_at(&meter->read_units, quota->read_units, now);

		*again_at = Min(solvent_at, now + LOOK_AGAIN_US);
		if (solvent_at > now)
			return false;
	}
	if (quota->requests > 0)
	{
		if (!quota->has_turn)
			quota->turn_at = ys_bucket_reserve(&meter->requests, quota->requests, now);
		quota->has_turn = quota->turn_at > now;
		*again_at = quota->turn_at;
		if (quota->has_turn)
			return false;
	}
	if (measured)
	{
		ys_bucket_debit(&meter->read_units, quota->read_units, quota->usual_units, now);
		*charged += quota->usual_units;
	}
	return true;
}

void
ys_quota_withdraw(YsQuota *quota, int64 now)
{
	if (!quota->has_turn)
		return;
	quota->has_turn = false;
	ys_bucket_debit(&ys_meter_entry(&quota->meter, &quota->owner, "")->requests, quota->requests,
					-1, now);
}

void
ys_quota_settle(YsQuota *quota, double charged, double units, int64 now)
{
	if (quota->read_units <= 0)
		return;
	quota->usual_units = units;
	ys_bucket_debit(&ys_meter_entry(&quota->meter, &quota->owner, "")->read_units,
					quota->read_units, units - charged, now);
}
