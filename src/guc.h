/*-------------------------------------------------------------------------
 * guc.h
 *	  Configuration parameters.
 *-------------------------------------------------------------------------
 */
#ifndef YS_GUC_H
#define YS_GUC_H

/* yottastore.consistency */
typedef enum YsSessionConsistency
{
	YS_CONSISTENCY_DEFAULT,		/* as tables and servers say */
	YS_CONSISTENCY_EVENTUAL,
	YS_CONSISTENCY_STRONG
} YsSessionConsistency;

/* yottastore.on_stale */
typedef enum YsOnStale
{
	YS_ON_STALE_DEFAULT,		/* as tables and servers say */
	YS_ON_STALE_SCAN,
	YS_ON_STALE_ERROR
} YsOnStale;

extern int	ys_guc_batch_events;
extern int	ys_guc_batch_memory;
extern int	ys_guc_backlog_events;
extern int	ys_guc_backlog_memory;
extern int	ys_guc_backfill_segments;
extern int	ys_guc_backfill_rate;	/* items a second; 0: no limit */
extern int	ys_guc_tombstone_retention; /* in minutes; -1: for ever */
extern int	ys_guc_quarantine_size; /* in kB; -1: no limit */
extern int	ys_guc_relay_stream_delay;
extern int	ys_guc_stream_poll_interval;
extern int	ys_guc_shard_reads_per_second;
extern bool ys_guc_pushdown;
extern bool ys_guc_read_ahead;
extern bool ys_guc_index_scan;
extern int	ys_guc_max_staleness;	/* in ms; -1: as tables and servers say */
extern int	ys_guc_staleness_timeout;	/* in ms */
extern int	ys_guc_on_stale;
extern int	ys_guc_consistency;
extern int	ys_guc_analyze_pages;
extern int	ys_guc_max_tracked_nodes;
extern char *ys_guc_allowed_endpoints;
extern char *ys_guc_credentials_file;

/* Raised when a parameter is set that open stores depend on. */
extern unsigned int ys_guc_store_changes;

extern void ys_guc_define(void);

#endif							/* YS_GUC_H */
