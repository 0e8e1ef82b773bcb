/*-------------------------------------------------------------------------
 * handler.c
 *	  The wrapper's table of callbacks.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "fdw/fdw.h"

PG_FUNCTION_INFO_V1(ys_fdw_handler);

/* yottastore.fdw_handler() */
Datum
ys_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = ys_get_rel_size;
	routine->GetForeignPaths = ys_get_paths;
	routine->GetForeignPlan = ys_get_plan;
	routine->BeginForeignScan = ys_begin_scan;
	routine->IterateForeignScan = ys_iterate_scan;
	routine->ReScanForeignScan = ys_rescan;
	routine->EndForeignScan = ys_end_scan;
	routine->ExplainForeignScan = ys_explain_scan;

	PG_RETURN_POINTER(routine);
}
