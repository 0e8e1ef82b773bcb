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
	routine->GetForeignUpperPaths = ys_get_upper_paths;
	routine->BeginForeignScan = ys_begin_scan;
	routine->IterateForeignScan = ys_iterate_scan;
	routine->ReScanForeignScan = ys_rescan;
	routine->EndForeignScan = ys_end_scan;
	routine->ExplainForeignScan = ys_explain_scan;

	routine->IsForeignScanParallelSafe = ys_is_parallel_safe;
	routine->EstimateDSMForeignScan = ys_estimate_dsm;
	routine->InitializeDSMForeignScan = ys_initialize_dsm;
	routine->ReInitializeDSMForeignScan = ys_reinitialize_dsm;
	routine->InitializeWorkerForeignScan = ys_initialize_worker;
	routine->ShutdownForeignScan = ys_shutdown_scan;

	routine->IsForeignPathAsyncCapable = ys_is_async_capable;
	routine->ForeignAsyncRequest = ys_async_request;
	routine->ForeignAsyncConfigureWait = ys_async_configure_wait;
	routine->ForeignAsyncNotify = ys_async_notify;

	routine->AddForeignUpdateTargets = ys_add_update_targets;
	routine->PlanForeignModify = ys_plan_modify;
	routine->BeginForeignModify = ys_begin_modify;
	routine->ExecForeignInsert = ys_exec_insert;
	routine->ExecForeignUpdate = ys_exec_update;
	routine->ExecForeignDelete = ys_exec_delete;
	routine->EndForeignModify = ys_end_modify;
	routine->BeginForeignInsert = ys_begin_insert;
	routine->EndForeignInsert = ys_end_modify;
	routine->ExplainForeignModify = ys_explain_modify;

	routine->PlanDirectModify = ys_plan_direct;
	routine->BeginDirectModify = ys_begin_direct;
	routine->IterateDirectModify = ys_iterate_direct;
	routine->EndDirectModify = ys_end_direct;
	routine->ExplainDirectModify = ys_explain_direct;

	routine->ExecForeignTruncate = ys_truncate;

	routine->ImportForeignSchema = ys_import_schema;
	routine->AnalyzeForeignTable = ys_analyze_table;

	PG_RETURN_POINTER(routine);
}
