/*-------------------------------------------------------------------------
 * node_status.c
 *	  What is known of the stores' nodes, for who may know it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/server.h"
#include "store/meter.h"
#include "store/node.h"

PG_FUNCTION_INFO_V1(ys_node_meters);
PG_FUNCTION_INFO_V1(ys_reset_node_status);

#define UNITS_SCALE		1000.0

/* The columns of node_meters. */
enum
{
	METER_SERVER,
	METER_NODE,
	METER_SHARED,
	METER_STATE,
	METER_REQUESTS,
	METER_RETRIES,
	METER_THROTTLES,
	METER_FAILURES,
	METER_READ_UNITS,
	METER_WRITE_UNITS,
	METER_P50,
	METER_P95,
	METER_P99,
	METER_ANSWERED_AT,
	METER_FAILED_AT,
	METER_LAST_FAILURE,
	METER_SINCE,
	METER_COLUMNS
};

static const char *
state_of(const YsMeterReading *reading)
{
	if (reading->failures < YS_NODE_FAILURES_UNTIL_DOWN)
		return "up";
	return reading->probing ? "probing" : "down";
}

static void
put_moment(TimestampTz moment, Datum *value, bool *isnull)
{
	*value = TimestampTzGetDatum(moment);
	*isnull = moment == 0;
}

static void
put_latencies(const YsMeterReading *reading, Datum *values, bool *nulls)
{
	static const double shares[] = {0.5, 0.95, 0.99};

	for (int i = 0; i < lengthof(shares); i++)
	{
		double		ms = ys_latency_percentile(reading->latencies, shares[i]);

		values[METER_P50 + i] = Float8GetDatum(ms);
		nulls[METER_P50 + i] = ms < 0;
	}
}

static void
put_reading(ReturnSetInfo *result, const YsMeterReading *reading)
{
	Datum		values[METER_COLUMNS];
	bool		nulls[METER_COLUMNS] = {false};

	values[METER_SERVER] = ObjectIdGetDatum(reading->server);
	values[METER_NODE] = CStringGetTextDatum(reading->node);
	values[METER_SHARED] = BoolGetDatum(ys_meter_is_shared());
	values[METER_STATE] = CStringGetTextDatum(state_of(reading));
	values[METER_REQUESTS] = Int64GetDatum(reading->counts[YS_METER_REQUESTS]);
	values[METER_RETRIES] = Int64GetDatum(reading->counts[YS_METER_RETRIES]);
	values[METER_THROTTLES] = Int64GetDatum(reading->counts[YS_METER_THROTTLES]);
	values[METER_FAILURES] = Int64GetDatum(reading->counts[YS_METER_FAILURES]);
	values[METER_READ_UNITS] = Float8GetDatum(reading->counts[YS_METER_READ_UNITS] / UNITS_SCALE);
	values[METER_WRITE_UNITS] = Float8GetDatum(reading->counts[YS_METER_WRITE_UNITS] / UNITS_SCALE);
	put_latencies(reading, values, nulls);
	put_moment(reading->answered_at, &values[METER_ANSWERED_AT], &nulls[METER_ANSWERED_AT]);
	put_moment(reading->failed_at, &values[METER_FAILED_AT], &nulls[METER_FAILED_AT]);
	values[METER_LAST_FAILURE] = CStringGetTextDatum(reading->error);
	nulls[METER_LAST_FAILURE] = reading->failed_at == 0;
	put_moment(reading->since, &values[METER_SINCE], &nulls[METER_SINCE]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * yottastore_internal.node_meters()
 *
 * Anybody may call it, through the view: it shows each caller the servers that
 * they may use, and all of them to who may read all statistics.
 */
Datum
ys_node_meters(PG_FUNCTION_ARGS)
{
	bool		sees_all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	YsMeterReading *readings;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	count = ys_meter_read(MyDatabaseId, &readings);
	for (int i = 0; i < count; i++)
		if (ys_server_may_use(readings[i].server, GetUserId(), sees_all))
			put_reading((ReturnSetInfo *) fcinfo->resultinfo, &readings[i]);
	return (Datum) 0;
}

/* yottastore.reset_node_status(server name DEFAULT NULL) */
Datum
ys_reset_node_status(PG_FUNCTION_ARGS)
{
	YsMeterOwner owner = {.database = MyDatabaseId};

	if (!PG_ARGISNULL(0))
	{
		owner.server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false)->serverid;
		ys_server_check_kind(owner.server, YS_WRAPPER_STORE);
	}
	ys_meter_forget(&owner);
	PG_RETURN_VOID();
}
