/*-------------------------------------------------------------------------
 * fdw.h
 *	  The foreign-data wrapper's callbacks, and what planning hands to
 *	  execution.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_FDW_H
#define YS_FDW_FDW_H

#include "foreign/fdwapi.h"

#include "fdw/qual.h"
#include "store/store.h"

/*
 * ForeignScan.fdw_private of a scan.  fdw_exprs holds the key conditions' values,
 * in their order, and behind them the filter's conditions, or whatever a direct
 * modification adds.
 */
typedef enum YsScanPrivate
{
	YS_SCAN_OPERATION,			/* Integer: a YsOperation */
	YS_SCAN_KEYS,				/* IntList: which key each condition is on */
	YS_SCAN_TESTS,				/* IntList: the conditions' YsKeyTest */
	YS_SCAN_COLUMNS,			/* IntList: columns to fill; the document's stands for all attributes */
	YS_SCAN_FLAGS,				/* Integer: YS_SCAN_... below */
	YS_SCAN_TABLE,				/* String: the store's name of the table */
	YS_SCAN_NFILTERS,			/* Integer: how many conditions behind the values are a filter */
	YS_SCAN_NWIDE,				/* Integer: how many behind these are one for what no index has */
	YS_SCAN_WANTED,				/* Integer: rows the query will take, maybe a few more; 0: not known */
	YS_SCAN_SEGMENTS,			/* Integer: of a Scan; 0 for other operations */
	YS_SCAN_WINDOW,				/* Integer: the parameter whose slot has a window; -1: none */
	YS_SCAN_INDEX,				/* String: the secondary index that is queried; empty: none */
	YS_SCAN_ANSWER,				/* List: of a scan that an index answers, see answer.h; NIL: of another */
	YS_SCAN_TARGETS				/* IntList: columns a direct update assigns */
} YsScanPrivate;

#define YS_SCAN_EXACT		0x01	/* no condition is left to be checked on rows */
#define YS_SCAN_CONSISTENT	0x02	/* strong reads */
#define YS_SCAN_FEW			0x04	/* maybe only a few rows are wanted: don't read ahead at once */
#define YS_SCAN_COUNTS		0x08	/* a direct modification sets the statement's row count */
#define YS_SCAN_COUNT		0x10	/* the store counts the rows: the one row has their number */
#define YS_SCAN_ASCENDING	0x20	/* the rows' order by the sort key is relied upon */
#define YS_SCAN_DESCENDING	0x40

/* Of a table that neither ANALYZE nor the store tells the size of. */
#define YS_ASSUMED_ITEMS		100000.0
#define YS_ASSUMED_ITEM_BYTES	1024.0

/* plan.c */
extern void ys_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void ys_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *ys_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
								List *tlist, List *clauses, Plan *outer_plan);

/* count.c */
extern void ys_get_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
							   RelOptInfo *output, void *extra);

/* scan.c */
extern void ys_begin_scan(ForeignScanState *node, int eflags);
extern TupleTableSlot *ys_iterate_scan(ForeignScanState *node);
extern void ys_rescan(ForeignScanState *node);
extern void ys_end_scan(ForeignScanState *node);

/* parallel.c */
extern bool ys_is_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);
extern Size ys_estimate_dsm(ForeignScanState *node, ParallelContext *pcxt);
extern void ys_initialize_dsm(ForeignScanState *node, ParallelContext *pcxt, void *coordinate);
extern void ys_reinitialize_dsm(ForeignScanState *node, ParallelContext *pcxt, void *coordinate);
extern void ys_initialize_worker(ForeignScanState *node, shm_toc *toc, void *coordinate);
extern void ys_shutdown_scan(ForeignScanState *node);

/* async.c */
extern bool ys_is_async_capable(ForeignPath *path);
extern void ys_async_request(AsyncRequest *areq);
extern void ys_async_configure_wait(AsyncRequest *areq);
extern void ys_async_notify(AsyncRequest *areq);

/* modify.c */
extern void ys_add_update_targets(PlannerInfo *root, Index rti, RangeTblEntry *rte,
								  Relation relation);
extern List *ys_plan_modify(PlannerInfo *root, ModifyTable *plan, Index rti, int subplan);
extern void ys_begin_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
							int subplan, int eflags);
extern void ys_begin_insert(ModifyTableState *mtstate, ResultRelInfo *rinfo);
extern void ys_end_modify(EState *estate, ResultRelInfo *rinfo);
extern TupleTableSlot *ys_exec_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
									  TupleTableSlot *plan_slot);

/*
 * spool.c: when the statement reads the table it writes elsewhere than in the
 * rows to be changed, have the plan read all its input before the first write.
 */
extern void ys_spool_input(PlannerInfo *root, ModifyTable *plan, const YsSource *source);

/* update.c */
extern TupleTableSlot *ys_exec_update(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
									  TupleTableSlot *plan_slot);
extern TupleTableSlot *ys_exec_delete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
									  TupleTableSlot *plan_slot);

/* direct.c */
extern bool ys_plan_direct(PlannerInfo *root, ModifyTable *plan, Index rti, int subplan);
extern void ys_begin_direct(ForeignScanState *node, int eflags);
extern TupleTableSlot *ys_iterate_direct(ForeignScanState *node);
extern void ys_end_direct(ForeignScanState *node);

/* What it has cost; NULL: it isn't to be run. */
extern const YsCost *ys_direct_cost(ForeignScanState *node);

/* truncate.c */
extern void ys_truncate(List *relations, DropBehavior behavior, bool restart_sequences);

/* import.c */
extern List *ys_import_schema(ImportForeignSchemaStmt *stmt, Oid serverid);

/* analyze.c */
extern bool ys_analyze_table(Relation relation, AcquireSampleRowsFunc *acquire,
							 BlockNumber *pages);

/* explain.c */
extern void ys_explain_scan(ForeignScanState *node, struct ExplainState *es);
extern void ys_explain_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
							  List *fdw_private, int subplan, struct ExplainState *es);
extern void ys_explain_direct(ForeignScanState *node, struct ExplainState *es);

#endif							/* YS_FDW_FDW_H */
