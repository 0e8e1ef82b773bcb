/*-------------------------------------------------------------------------
 * yottastore.c
 *	  Module entry: wires the parts, and nothing else.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "fdw/ahead.h"
#include "fdw/answer.h"
#include "fdw/plan.h"
#include "guc.h"
#include "store/meter.h"
#include "worker/launcher.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	ys_guc_define();
	ys_ahead_init();
	ys_unique_init();
	ys_field_stats_init();
	ys_answer_init();
	if (process_shared_preload_libraries_in_progress)
	{
		ys_meter_preload(ys_guc_max_tracked_nodes);
		ys_launcher_register();
	}
}
