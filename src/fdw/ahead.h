/*-------------------------------------------------------------------------
 * ahead.h
 *	  Reading ahead of a join by key: a node above the join's outer side that
 *	  asks for the items its rows will want, in batches.
 *
 *	  Nested Loop
 *	    ->  Custom Scan (YottastoreKeys)
 *	          ->  any plan
 *	    ->  Foreign Scan, by key
 *
 * The rows pass unchanged, in their order.  What was fetched is in a window (window.h), where the
 * foreign scan finds it; a parameter's slot in the executor's state has its address, for both nodes
 * know the parameter's number from planning.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_AHEAD_H
#define YS_FDW_AHEAD_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include "fdw/plan.h"
#include "fdw/window.h"

/*
 * CustomScan.custom_private; custom_exprs are the values that the scan's conditions are about, and then the conditions
 * without which a row matches nothing
 */
typedef enum YsAheadPrivate
{
	YS_AHEAD_TABLE,				/* Integer: oid of the foreign table */
	YS_AHEAD_PARAM,				/* Integer: number of the parameter with the window's address */
	YS_AHEAD_SCAN,				/* List: fdw_private of a scan by the same conditions */
	YS_AHEAD_WIDTH,				/* Integer: bytes of an item, as the planner takes them */
	YS_AHEAD_EXPECTED,			/* Integer: rows that may be all the query takes; 0: not known */
	YS_AHEAD_VALUES,			/* List: of a path only, the values */
	YS_AHEAD_CONDITIONS			/* List: of a path only, the conditions */
} YsAheadPrivate;

/* At load: join paths are looked for from then on. */
extern void ys_ahead_init(void);

/* A path by key that takes its values from a join: see whether it can be read ahead of. */
extern void ys_ahead_note_path(PlannerInfo *root, RelOptInfo *rel, ForeignPath *path,
							   const YsAccess *access);

/* The window that the parameter's slot has by now; NULL: none. */
extern YsWindow *ys_ahead_window(EState *estate, int param);

/* The plan node's methods: ahead.c */
extern const struct CustomScanMethods ys_ahead_methods;

#endif							/* YS_FDW_AHEAD_H */
