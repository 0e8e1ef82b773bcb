/*-------------------------------------------------------------------------
 * stopped.c
 *	  Whether a database's workers were stopped by hand.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "catalog/spi.h"
#include "catalog/stopped.h"

static void
change(const char *sql, int expected)
{
	YsSpiScope	scope;

	/* so a standby's are, too */
	if (XactReadOnly)
		return;
	ys_spi_begin(&scope);
	ys_spi_execute(sql, expected, 0, NULL, NULL, NULL);
	ys_spi_end(&scope);
}

void
ys_stopped_note(void)
{
	change("INSERT INTO yottastore_internal.stopped DEFAULT VALUES", SPI_OK_INSERT);
}

void
ys_stopped_forget(void)
{
	change("DELETE FROM yottastore_internal.stopped", SPI_OK_DELETE);
}

bool
ys_stopped_is_noted(void)
{
	YsSpiScope	scope;
	bool		noted;

	ys_spi_begin(&scope);
	ys_spi_read("SELECT FROM yottastore_internal.stopped WHERE server_start = pg_catalog.pg_postmaster_start_time() LIMIT 1",
				NULL, 0, NULL, NULL);
	noted = SPI_processed > 0;
	ys_spi_end(&scope);
	return noted;
}
