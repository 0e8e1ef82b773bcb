/*-------------------------------------------------------------------------
 * parallel.c
 *	  A Scan that several processes share.
 *
 * The table's segments are numbered, more of them than are under way at
 * once, and who has room takes the next number: a process that is slow, or
 * whose segments are large, takes fewer.  What may be under way at once is divided by the
 * processes there may be.  The pages that max_scan_pages allows are counted together.
 *
 * A transaction's own writes have reached the store when their statement ends,
 * and no statement that writes runs in parallel: a worker sees them as the leader does.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"

#include "catalog/option.h"
#include "compat.h"
#include "fdw/fdw.h"
#include "fdw/field.h"
#include "fdw/parallel.h"
#include "fdw/plan.h"
#include "fdw/scan.h"
#include "fdw/scan_limits.h"
#include "store/meter.h"

/* Segments for each that is under way: so that all processes end at about the same time. */
#define SEGMENTS_EACH		4

struct YsParallelShared
{
	int			participants;
	dsm_handle	totals;
	YsFetchShared fetch;
};

/* ---- planning ---- */

/* Without shared memory each process would keep to the server's limits by itself. */
static bool
has_limits_apart(Oid serverid)
{
	List	   *options = GetForeignServer(serverid)->options;

	return !ys_meter_is_shared() &&
		(ys_option_get(options, "max_requests_per_second") != NULL ||
		 ys_option_get(options, "max_read_units_per_second") != NULL);
}

bool
ys_is_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	const YsSource *source = ys_plan_relation(rel, rte->relid)->source;

	/* an Append has its scans run asynchronously only where it is not for workers */
	if (source->async_capable)
		return false;
	/* what a policy's functions do is not for workers to say */
	return !has_limits_apart(source->serverid) && !ys_field_calls_functions(source);
}

/* The processes of a path with so many workers. */
static int
participants(int workers)
{
	return workers + (parallel_leader_participation ? 1 : 0);
}

/* How many segments the processes of such a path may have under way together. */
static int
segments_at_once(const YsRelation *relation, int workers)
{
	int			serial = ys_scan_segments(relation->source, relation->bytes, false);

	/* the option is a bound, a guess by the table's size is none */
	return relation->source->scan_segments > 0 || relation->source->max_scan_pages > 0 ? serial :
		Max(serial, participants(workers));
}

static int
choose_workers(RelOptInfo *rel, const YsRelation *relation)
{
	double		pages = relation->bytes / BLCKSZ;
	int			workers;

	/* the server shares out a partition of any size, but each segment is a request */
	if (pages < min_parallel_table_scan_size)
		return 0;
	workers = compute_parallel_worker(rel, pages, -1, max_parallel_workers_per_gather);
	while (workers > 0 && participants(workers) > segments_at_once(relation, workers))
		workers--;
	return workers;
}

/* As the planner divides rows: a leader that has many workers to listen to does little itself. */
static double
divisor(int workers)
{
	double		leader = 1.0 - 0.3 * workers;

	return workers + (parallel_leader_participation && leader > 0 ? leader : 0);
}

void
ys_parallel_add_path(PlannerInfo *root, RelOptInfo *rel, ForeignPath *scan)
{
	const YsRelation *relation = rel->fdw_private;
	Path	   *path = &scan->path;
	Cost		items_cost = rel->tuples * ys_plan_item_cost(rel);
	double		share;

	if (!rel->consider_parallel || !bms_is_empty(rel->lateral_relids) ||
		!relation->source->allow_scan ||
	/* a few rows are read one page after the other */
		(root->limit_tuples > 0 && root->sort_pathkeys == NIL))
		return;
	path->parallel_workers = choose_workers(rel, relation);
	if (path->parallel_workers == 0)
		return;
	share = divisor(path->parallel_workers);
	path->parallel_aware = true;
	path->rows = clamp_row_est(path->rows / share);
	path->total_cost -= items_cost - items_cost / share;
	add_partial_path(rel, path);
}

int
ys_parallel_segments(const RelOptInfo *rel, const ForeignPath *scan)
{
	const YsRelation *relation = rel->fdw_private;
	int			at_once = segments_at_once(relation, scan->path.parallel_workers);
	int			segments = SEGMENTS_EACH * at_once;

	/* where pages are counted, don't let it fail for the rounded ones at the segments' ends */
	if (relation->source->max_scan_pages > 0)
		segments = Max(at_once,
					   Min(segments, relation->source->max_scan_pages -
						   (int) (relation->bytes / YS_PAGE_BYTES)));
	return segments;
}

int
ys_parallel_segments_at_once(int segments)
{
	return Min(Max(segments / SEGMENTS_EACH, 1), YS_SCAN_SEGMENTS_MAX);
}

/* ---- execution ---- */

Size
ys_estimate_dsm(ForeignScanState *node, ParallelContext *pcxt)
{
	return sizeof(YsParallelShared);
}

void
ys_initialize_dsm(ForeignScanState *node, ParallelContext *pcxt, void *coordinate)
{
	YsScan	   *scan = node->fdw_state;
	YsParallelShared *shared = coordinate;

	shared->participants = Max(participants(pcxt->nworkers), 1);
	shared->totals = ys_totals_create(&scan->parallel.totals, node->ss.ps.instrument != NULL);
	pg_atomic_init_u32(&shared->fetch.next_segment, 0);
	pg_atomic_init_u32(&shared->fetch.scan_pages, scan->parallel.pages_spent);
	scan->parallel.shared = shared;
	scan->parallel.context = pcxt;
}

/* The pages that were read stay counted. */
void
ys_reinitialize_dsm(ForeignScanState *node, ParallelContext *pcxt, void *coordinate)
{
	YsParallelShared *shared = coordinate;

	pg_atomic_write_u32(&shared->fetch.next_segment, 0);
}

void
ys_initialize_worker(ForeignScanState *node, shm_toc *toc, void *coordinate)
{
	YsScan	   *scan = node->fdw_state;

	scan->parallel.shared = coordinate;
	ys_totals_attach(&scan->parallel.totals, scan->parallel.shared->totals);
}

void
ys_parallel_share(const YsParallel *parallel, YsFetchPages *pages)
{
	YsParallelShared *shared = parallel->shared;

	pages->at_once = ys_parallel_segments_at_once(pages->nchains);
	if (shared == NULL)
		return;
	pages->shared = &shared->fetch;
	/* a leader that got no worker has it all to itself */
	if (parallel->context == NULL || parallel->context->nworkers_launched > 0)
		pages->at_once = Max(pages->at_once / shared->participants, 1);
}

/* The shared memory goes; what is still under way is of no use to anybody. */
void
ys_shutdown_scan(ForeignScanState *node)
{
	YsScan	   *scan = node->fdw_state;
	YsParallel *parallel = &scan->parallel;

	if (parallel->shared == NULL)
		return;
	ys_fetch_stop(scan->fetch);
	parallel->pages_spent = pg_atomic_read_u32(&parallel->shared->fetch.scan_pages);
	parallel->shared = NULL;
	parallel->context = NULL;
}
