/*-------------------------------------------------------------------------
 * stopped.h
 *	  Whether a database's workers were stopped by hand.
 *
 * A supervisor may just be away when somebody stops it: terminated, it is started again by the server.  So that they are
 * stopped is noted, until somebody starts them or the server is started anew.  A standby that is promoted has a start of
 * its own.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_STOPPED_H
#define YS_CATALOG_STOPPED_H

/*
 * Note that they are, with the transaction: of those that note and forget the last to commit counts.  Nothing in one that
 * can't write.
 */
extern void ys_stopped_note(void);

/* Note that they aren't any more; the same. */
extern void ys_stopped_forget(void);

/* Are they? */
extern bool ys_stopped_is_noted(void);

#endif							/* YS_CATALOG_STOPPED_H */
