/*-------------------------------------------------------------------------
 * test_fuzz.c
 *	  The inputs that fuzzing kept, and those that once failed, given to
 *	  their targets again.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <dirent.h>

#include "unit.h"

#include "../fuzz/fuzz.h"

#define FOLDER		UNIT_SOURCE_ROOT "/test/fuzz/corpus"
#define MAX_TARGETS	16

static void
replay(const FuzzTarget *target, const char *file)
{
	FILE	   *stream = fopen(file, "rb");
	char		bytes[64 * 1024];
	size_t		len;

	if (stream == NULL)
		fail_msg("%s cannot be read", file);
	len = fread(bytes, 1, sizeof(bytes), stream);
	if (len == sizeof(bytes) || ferror(stream))
		fail_msg("%s is too long", file);
	fclose(stream);
	target->fn(bytes, len);
}

static void
test_target(void **state)
{
	const FuzzTarget *target = *state;
	char	   *name;
	DIR		   *folder;
	const struct dirent *file;
	int			count = 0;

	if (asprintf(&name, "%s/%s", FOLDER, target->name) < 0)
		fail();
	folder = opendir(name);
	if (folder == NULL)
		fail_msg("there is no %s", name);
	while ((file = readdir(folder)) != NULL)
	{
		char	   *path;

		if (file->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", name, file->d_name) < 0)
			fail();
		replay(target, path);
		free(path);
		count++;
	}
	closedir(folder);
	free(name);
	print_message("%s: %d inputs\n", target->name, count);
	assert_in_range(count, 1, 100000);
}

int
main(void)
{
	struct CMUnitTest tests[MAX_TARGETS];

	for (int i = 0; i < fuzz_ntargets; i++)
		tests[i] = (struct CMUnitTest) {fuzz_targets[i].name, test_target, NULL, NULL,
			(void *) &fuzz_targets[i]};
	return _cmocka_run_group_tests("fuzz", tests, (size_t) fuzz_ntargets, NULL, NULL);
}
