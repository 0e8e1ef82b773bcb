/*-------------------------------------------------------------------------
 * lease.c
 *	  Which stream worker may commit.
 *
 * A heavyweight lock keeps taking and committing apart: it costs committers
 * no write, as a lock on the row would.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "catalog/lease.h"
#include "catalog/lock_class.h"
#include "catalog/spi.h"

static void
lock_leases(const YsLease *lease, LOCKMODE mode)
{
	if (OidIsValid(lease->stream))
		ys_lock_until_end(lease->stream, lease->owner, YS_LOCK_CLASS_LEASE, mode);
	else
		ys_lock_until_end(lease->source, lease->owner, YS_LOCK_CLASS_STORE_LEASE, mode);
}

void
ys_lease_take(YsLease *lease)
{
	YsSpiScope	scope;
	Oid			types[] = {OIDOID, OIDOID, INT4OID, INT4OID, INT4OID, OIDOID};
	Datum		values[] = {
		ObjectIdGetDatum(lease->stream), ObjectIdGetDatum(lease->owner),
		Int32GetDatum(lease->workers), Int32GetDatum(lease->worker), Int32GetDatum(MyProcPid),
		ObjectIdGetDatum(lease->source)
	};
	bool		isnull;

	lock_leases(lease, ExclusiveLock);
	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.lease "
				   "WHERE stream = $1 AND source = $6 AND owner = $2 AND workers <> $3",
				   SPI_OK_DELETE, 6, types, values, NULL);
	ys_spi_execute("INSERT INTO yottastore_internal.lease AS l (stream, source, owner, workers, worker, pid, epoch) "
				   "VALUES ($1, $6, $2, $3, $4, $5, pg_catalog.nextval('yottastore_internal.lease_epoch')) "
				   "ON CONFLICT (stream, source, owner, worker) DO UPDATE SET epoch = EXCLUDED.epoch, "
				   "pid = EXCLUDED.pid, taken_at = pg_catalog.clock_timestamp() RETURNING epoch",
				   SPI_OK_INSERT_RETURNING, 6, types, values, NULL);
	lease->epoch = DatumGetInt64(ys_spi_value(0, 1, &isnull));
	ys_spi_end(&scope);
}

bool
ys_lease_hold(const YsLease *lease)
{
	YsSpiScope	scope;
	bool		held;

	lock_leases(lease, ShareLock);
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT FROM yottastore_internal.lease "
				   "WHERE stream = $1 AND source = $5 AND owner = $2 AND worker = $3 AND epoch = $4",
				   SPI_OK_SELECT, 5, (Oid[]) {OIDOID, OIDOID, INT4OID, INT8OID, OIDOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(lease->stream), ObjectIdGetDatum(lease->owner),
					   Int32GetDatum(lease->worker), Int64GetDatum(lease->epoch),
					   ObjectIdGetDatum(lease->source)
				   }, NULL);
	held = SPI_processed > 0;
	ys_spi_end(&scope);
	return held;
}

void
ys_lease_lock_all(const YsLease *lease)
{
	lock_leases(lease, ExclusiveLock);
}

void
ys_lease_end_all(const YsLease *lease)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.lease WHERE stream = $1 AND source = $3 AND owner = $2",
				   SPI_OK_DELETE, 3, (Oid[]) {OIDOID, OIDOID, OIDOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(lease->stream), ObjectIdGetDatum(lease->owner),
					   ObjectIdGetDatum(lease->source)
				   }, NULL);
	ys_spi_end(&scope);
}

void
ys_lease_drop(const YsLease *lease)
{
	YsSpiScope	scope;

	ys_spi_begin(&scope);
	ys_spi_execute("DELETE FROM yottastore_internal.lease "
				   "WHERE stream = $1 AND source = $5 AND owner = $2 AND worker = $3 AND epoch = $4",
				   SPI_OK_DELETE, 5, (Oid[]) {OIDOID, OIDOID, INT4OID, INT8OID, OIDOID},
				   (Datum[])
				   {
					   ObjectIdGetDatum(lease->stream), ObjectIdGetDatum(lease->owner),
					   Int32GetDatum(lease->worker), Int64GetDatum(lease->epoch),
					   ObjectIdGetDatum(lease->source)
				   }, NULL);
	ys_spi_end(&scope);
}
