/*-------------------------------------------------------------------------
 * spi.h
 *	  Running the extension's own SQL.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SPI_H
#define YS_CATALOG_SPI_H

#include "executor/spi.h"
#include "utils/snapshot.h"

/*
 * Statements run between begin and end, in an SPI connection of their own.
 * As a role other than the current one they run under a security-restricted
 * operation.  An ERROR restores the role with the (sub)transaction.
 */
typedef struct YsSpiScope
{
	Oid			saved_user;
	int			saved_context;
	int			guc_level;
	MemoryContext caller;
} YsSpiScope;

/* As the extension's owner: for the tables of yottastore_internal. */
extern void ys_spi_begin(YsSpiScope *scope);

/* As a role: for what belongs to it. */
extern void ys_spi_begin_as(YsSpiScope *scope, Oid role);
extern void ys_spi_end(YsSpiScope *scope);

/* The role and its search_path alone, without an SPI connection. */
extern void ys_spi_become(YsSpiScope *scope, Oid role);
extern void ys_spi_return(YsSpiScope *scope);

/*
 * Run one statement; throws unless it ends with the expected SPI_OK code.
 * Results are in SPI_tuptable.  nulls as SPI has it: NULL, or ' '/'n' a parameter.
 */
extern void ys_spi_execute(const char *sql, int expected, int nargs, Oid *types,
						   Datum *values, const char *nulls);

/*
 * Run a SELECT as snapshot has it; NULL: as it is now.
 */
extern void ys_spi_read(const char *sql, Snapshot snapshot, int nargs, Oid *types, Datum *values);

/* The same of a statement without parameters that is not to be kept, for it names tables that come and go. */
extern void ys_spi_read_once(const char *sql, Snapshot snapshot);

/*
 * Keep the plan of a statement no longer than context, and what others have been named for it.  It
 * must not run when the last of them goes.
 */
extern void ys_spi_forget_with(MemoryContext context, const char *sql);

/* Run a utility statement without parameters, as ys_spi_execute does. */
extern void ys_spi_utility(const char *sql);

/* A result's column; by-reference values live as long as the scope. */
extern Datum ys_spi_value(uint64 row, int column, bool *isnull);

/* A result's text, palloc'd in context; NULL for NULL. */
extern char *ys_spi_text(uint64 row, int column, MemoryContext context);

/* A number that tells the result from others: of its values as text, in their order. */
extern uint64 ys_spi_fingerprint(void);

#endif							/* YS_CATALOG_SPI_H */
