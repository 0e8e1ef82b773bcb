/*-------------------------------------------------------------------------
 * secret.h
 *	  Credentials that are named instead of given: read from a section of a
 *	  file, or from the environment.
 *
 * A file is one of AWS's kind:
 *
 *	  # comment, also with ;
 *	  [fleet]
 *	  aws_access_key_id = AKIA...
 *
 * Other keys are ignored; a line that is none of these, a section or a key
 * that comes twice is an error.  It must be a regular file that nobody but the
 * server's user, or root and its group, may read.  No message says more of it
 * than a line's number or a name the user mapping has.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_SECRET_H
#define YS_BASE_SECRET_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/* One part of some credentials, and the names it goes by. */
typedef struct YsSecretPart
{
	const char *option;			/* of the user mapping */
	const char *key;			/* in a file */
	const char *variable;		/* behind the prefix */
	size_t		offset;			/* in the structure that is filled: a char array ... */
	size_t		longest;		/* ... of one byte more */
	char		forbidden;		/* besides control characters */
	bool		blanks;			/* may it have some? */
	bool		required;
} YsSecretPart;

typedef struct YsSecretParts
{
	int			count;
	const YsSecretPart *parts;
} YsSecretParts;

/* No control character, no blank unless they are allowed, nor the one forbidden. */
extern bool ys_secret_is_plain(const char *text, size_t len, char forbidden, bool blanks);

/* Set one part; false when it is not fit to be sent. */
extern bool ys_secret_set(void *into, const YsSecretPart *part, const char *value, size_t len);

/* The part's value: empty when it was not set. */
extern char *ys_secret_part(void *into, const YsSecretPart *part);

/*
 * Set those of a file's section (file NULL: no superuser named one), or of the variables that
 * begin with prefix.  False and err when a required one is not there, or one can't be used.
 */
extern bool ys_secret_read_file(void *into, const YsSecretParts *parts, const char *file,
								const char *profile, struct stat *stamp, YsError *err);
extern bool ys_secret_read_environment(void *into, const YsSecretParts *parts, const char *prefix,
									   YsError *err);

#endif							/* YS_BASE_SECRET_H */
