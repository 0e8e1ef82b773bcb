/*-------------------------------------------------------------------------
 * test_corpus.c
 *	  Each corpus of test/corpus, and what holds of whatever they accept.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <unistd.h>

#include "unit.h"

#include "corpus.h"

#define FOLDER		UNIT_SOURCE_ROOT "/test/corpus"
#define MAX_FILES	64

static int	total;

/* ---- one file ---- */

typedef struct Run
{
	YsArena		arena;
	int			failed;
	bool		silent;
} Run;

static void
fail_line(Run *run, const CorpusCase *one, const char *what, const char *expected, const char *got)
{
	run->failed++;
	if (!run->silent)
		print_error("%s:%d: %s%s: expected %s, got %s\n", one->file, one->line, one->raw, what,
					expected, got);
}

/* Whatever is printed is read again, by the same declaration or the plainest of its type, as the same. */
static void
check_again(Run *run, const CorpusCase *one, const char *result)
{
	YsFieldType type = one->of_location ? YS_FIELD_TEXT : ys_policy_field(one->policy, 0)->type;
	const char *declaration = one->declaration;
	const YsPolicy *policy;
	YsValue		value;
	YsError		err;
	const char *again;

	if (one->of_location)
		declaration = "{}";
	else if (type == YS_FIELD_DATE)
		declaration = "{\"type\": \"date\"}";
	else if (type == YS_FIELD_TIMESTAMP)
		declaration = "{\"type\": \"timestamp\"}";
	policy = corpus_compile(declaration, one->of_location, true, &run->arena, &err);
	if (policy == NULL)
		fail_msg("%s: %s", declaration, err.message);
	if (one->of_location || type == YS_FIELD_DATE || type == YS_FIELD_TIMESTAMP)
		value = ys_value_string(result + 1, strlen(result + 1));
	else if (!corpus_read(result + 1, &run->arena, &value, &err))
	{
		fail_line(run, one, " printed is no JSON", result, err.message);
		return;
	}
	again = corpus_result(policy, one->of_location, one->bindings, &value, &run->arena);
	if (strcmp(again, result) != 0)
		fail_line(run, one, " normalized again", result, again);
}

static void
check_line(void *arg, const CorpusCase *one)
{
	Run		   *run = arg;
	YsValue		raw;
	YsError		err;
	const char *got;

	if (!corpus_read(one->raw, &run->arena, &raw, &err))
		fail_line(run, one, "", one->expected, err.message);
	else
	{
		got = corpus_result(one->policy, one->of_location, one->bindings, &raw, &run->arena);
		if (!corpus_same(got, one->expected, &run->arena))
			fail_line(run, one, "", one->expected, got);
		else if (got[0] == '=' && strstr(got, " !") == NULL)
			check_again(run, one, got);
	}
	ys_arena_reset(&run->arena);
}

static void
test_file(void **state)
{
	const char *file = *state;
	Run			run = {.failed = 0};
	CorpusProblem problem;
	int			count;

	ys_arena_init(&run.arena, ys_arena_malloc, 0);
	count = corpus_each(file, check_line, &run, &problem);
	ys_arena_free(&run.arena);
	if (count < 0)
		fail_msg("%s", problem.text);
	print_message("%s: %d values\n", strrchr(file, '/') + 1, count);
	total += count;
	if (run.failed > 0)
		fail_msg("%d of %d values of %s", run.failed, count, file);
}

/* ---- the runner itself ---- */

/* Of a corpus with that text: lines that fail, or -1 and problem. */
static int
failures_of(const char *text, bool silent, CorpusProblem *problem)
{
	char		name[] = "/tmp/corpus-XXXXXX";
	int			fd = mkstemp(name);
	Run			run = {.silent = silent};
	int			count;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ys_arena_init(&run.arena, ys_arena_malloc, 0);
	count = corpus_each(name, check_line, &run, problem);
	ys_arena_free(&run.arena);
	unlink(name);
	return count < 0 ? -1 : run.failed;
}

/* What is expected wrongly fails, line by line. */
static void
test_wrong_expectations(void **state)
{
	static const char *const lines[] = {
		"@ {\"type\": \"date\"}\n\"2024-03-12\"\t=2024-03-13\n",
		"@ {\"type\": \"date\"}\n\"2024-03-12\"\t-\n",
		"@ {\"type\": \"date\"}\n\"2024-03-12\"\t!not a date\n",
		"@ {\"type\": \"date\"}\n\"2024-02-30\"\t=2024-03-01\n",
		"@ {\"type\": \"date\"}\n\"\"\t=2024-03-01\n",
		"@ {\"type\": \"timestamp\"}\n\"2024-03-12T10:00:00Z\"\t=2024-03-12T10:00:00.000001Z\n",
		"@ {\"type\": \"numeric\"}\n\"1,234\"\t=1.234\n",
		"@ {\"type\": \"boolean\"}\ntrue\t=false\n",
		"@ {\"type\": \"text\"}\n\"a\"\t=\"b\"\n",
		"@ {\"type\": \"text\"}\n\"a\t=\"a\"\n",
		"@location {}\n\"45.5,9.25\"\t=45.5,9.250000000000002\n",
		"@location {}\n\"45.5,9.25\"\t=9.25,45.5\n",
		"@location {}\n\"0,0\"\t=0,0\n",
	};
	CorpusProblem problem;

	(void) state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
	{
		if (failures_of(lines[i], true, &problem) != 1)
			fail_msg("passes: %s", lines[i]);
	}
}

static void
test_right_expectations(void **state)
{
	CorpusProblem problem;

	(void) state;
	assert_int_equal(0, failures_of("# comment\n"
									"\n"
									"@ {\"type\": \"date\", \"formats\": [\"ISO\", \"DD/MM/YYYY\"]}\n"
									"\"12/03/2024\"\t=2024-03-12\n"
									"\"0001-01-01\"\t=0001-01-01\n"
									"\"9999-12-31\"\t=9999-12-31\n"
									"\"1900-03-01\"\t=1900-03-01\n"
									"\"31/02/2024\"\t!no such date\n"
									"null\t-\n"
									"@ {\"type\": \"timestamp\"}\n"
									"\"1999-12-31T23:59:59.5-00:01\"\t=2000-01-01T00:00:59.500000Z\n"
									"\"1600-02-29T00:00:00.000001Z\"\t=1600-02-29T00:00:00.000001Z\n"
									"@ {\"type\": \"numeric\", \"unit\": \"km\", \"locale\": \"en\"}\n"
									"\"1,000 mi\"\t=1609.344\n"
									"12.50\t=12.5\n"
									"@ {\"type\": \"text\"}\n"
									"\"caf\\u00e9\"\t=\"caf\303\251\"\n"
									"true\t=\"true\"\n"
									"@synonyms {\"kind\": {\"lorry\": \"truck\"}}\n"
									"@ {\"type\": \"text\", \"synonyms\": \"kind\"}\n"
									"\"LORRY\"\t=\"truck\"\n"
									"@ {\"type\": \"boolean\"}\n"
									"\"true\"\t=true\n"
									"@ {\"type\": \"numeric\", \"paths\": [\"value[*].n\"], \"combine\": \"max\"}\n"
									"[{\"n\": 1}, {\"n\": 3}, {\"n\": 2}]\t=3\n"
									"@location {}\n"
									"{\"lat\": 45.50, \"lng\": \"9.25\"}\t=45.5,9.25\n"
									"@location {\"lat\": [\"value.a\"], \"lon\": [\"value.b\"]}\n"
									"{\"a\": -0.1, \"b\": 1e-5}\t=-0.1,0.00001\n",
									false, &problem));
}

/* What is no corpus is said so, with its place. */
static void
test_no_corpus(void **state)
{
	static const struct
	{
		const char *text;
		const char *problem;
	}			cases[] = {
		{"", ":0: an empty corpus"},
		{"# only this\n@ {\"type\": \"date\"}\n", ":2: an empty corpus"},
		{"\"x\"\t=\"x\"\n", ":1: no declaration"},
		{"@ {\"type\": \"text\"}\n\"x\" =\"x\"\n", ":2: neither a comment"},
		{"@ {\"type\": \"text\"}\n\"x\"\t\"x\"\n", ":2: neither a comment"},
		{"@ {\"type\": \"text\"}\n\"x\"\t\n", ":2: neither a comment"},
		{"@colour {\"type\": \"text\"}\n", ":1: unknown directive @colour"},
		{"@synonyms {\"kind\": {\"a\": \"b\", \"A\": \"c\"}}\n", ":1: "},
		{"@\n", ":1: a directive without"},
		{"@ {\"type\": \"colour\"}\n", ":1: field \"value\": unknown type"},
		{"@ {\"type\":\n", ":1: "},
		{"@ []\n", ":1: not an object"},
	};
	CorpusProblem problem;

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (failures_of(cases[i].text, true, &problem) >= 0)
			fail_msg("passes: %s", cases[i].text);
		if (strstr(problem.text, cases[i].problem) == NULL)
			fail_msg("%s: %s", cases[i].text, problem.text);
	}
	assert_int_equal(-1, corpus_each("/nonexistent/a.tsv", check_line, NULL, &problem));
}

/* ---- all files ---- */

static void
test_total(void **state)
{
	(void) state;
	print_message("all corpora: %d values\n", total);
	assert_in_range(total, 1500, 1000000);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static int
list_files(char **files)
{
	DIR		   *folder = opendir(FOLDER);
	const struct dirent *file;
	int			count = 0;

	if (folder == NULL)
		return 0;
	while ((file = readdir(folder)) != NULL && count < MAX_FILES)
	{
		const char *ending = strrchr(file->d_name, '.');

		if (ending != NULL && strcmp(ending, ".tsv") == 0 &&
			asprintf(&files[count], "%s/%s", FOLDER, file->d_name) > 0)
			count++;
	}
	closedir(folder);
	qsort(files, (size_t) count, sizeof(files[0]), compare_names);
	return count;
}

int
main(void)
{
	const struct CMUnitTest own[] = {
		cmocka_unit_test(test_wrong_expectations),
		cmocka_unit_test(test_right_expectations),
		cmocka_unit_test(test_no_corpus),
	};
	const size_t nown = sizeof(own) / sizeof(own[0]);
	struct CMUnitTest tests[sizeof(own) / sizeof(own[0]) + MAX_FILES + 1];
	char	   *files[MAX_FILES];
	int			nfiles = list_files(files);
	size_t		ntests = nown;
	int			failed;

	memcpy(tests, own, sizeof(own));
	for (int i = 0; i < nfiles; i++)
		tests[ntests++] = (struct CMUnitTest) {strrchr(files[i], '/') + 1, test_file, NULL, NULL, files[i]};
	tests[ntests++] = (struct CMUnitTest) cmocka_unit_test(test_total);
	failed = _cmocka_run_group_tests("corpora", tests, ntests, NULL, NULL);
	for (int i = 0; i < nfiles; i++)
		free(files[i]);
	return failed;
}
