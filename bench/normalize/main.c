/*-------------------------------------------------------------------------
 * main.c
 *	  Measures of the pure layers: names come in, seconds go out.
 *
 *	normalize FOLDER BOUNDARIES
 *
 * Prints the measures' names and an empty line; then for each name read it does
 * one turn (as often as it takes to last) and prints "things seconds processor-seconds".
 *-------------------------------------------------------------------------
 */
#include "bench.h"

#include <time.h>

#define LEAST_SECONDS	0.2
#define MAX_BENCHES		64

void
bench_die(const char *what, const YsError *err)
{
	fprintf(stderr, "%s: %s %s\n", what, err != NULL ? err->message : "failed", err != NULL ? err->detail : "");
	exit(1);
}

void *
bench_alloc(size_t size)
{
	void	   *memory = calloc(1, size);

	if (memory == NULL)
		bench_die("out of memory", NULL);
	return memory;
}

YsPolicy *
bench_compile(const char *json, size_t len, YsArena *arena)
{
	YsError		err;
	YsPolicy   *policy = ys_policy_compile(json, len, arena, &err);

	if (policy == NULL)
		bench_die(json, &err);
	return policy;
}

char *
bench_read_file(const char *name, size_t *len)
{
	FILE	   *file = fopen(name, "rb");
	char	   *bytes;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		bench_die(name, NULL);
	*len = (size_t) ftell(file);
	rewind(file);
	bytes = bench_alloc(*len + YS_JSON_PADDING);
	if (fread(bytes, 1, *len, file) != *len)
		bench_die(name, NULL);
	fclose(file);
	return bytes;
}

Lines
bench_read_lines(const char *name)
{
	size_t		len;
	char	   *bytes = bench_read_file(name, &len);
	Lines		lines = {0};

	for (size_t i = 0; i < len; i++)
		lines.count += bytes[i] == '\n';
	lines.texts = bench_alloc(sizeof(char *) * (size_t) lines.count);
	lines.lens = bench_alloc(sizeof(size_t) * (size_t) lines.count);
	for (int i = 0; i < lines.count; i++)
	{
		char	   *end = strchr(bytes, '\n');

		lines.lens[i] = (size_t) (end - bytes);
		lines.texts[i] = bench_alloc(lines.lens[i] + YS_JSON_PADDING);
		memcpy(lines.texts[i], bytes, lines.lens[i]);
		bytes = end + 1;
	}
	return lines;
}

uint32_t
bench_random(uint64_t *state, uint32_t limit)
{
	uint64_t	z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return (uint32_t) ((z ^ (z >> 31)) % limit);
}

static double
now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	Bench		benches[MAX_BENCHES];
	int			count = 0;
	char		name[64];

	if (argc != 3)
	{
		fprintf(stderr, "usage: %s FOLDER BOUNDARIES\n", argv[0]);
		return 2;
	}
	count += bench_add_values(benches + count);
	count += bench_add_fleet(benches + count, argv[1], argv[2]);
	for (int i = 0; i < count; i++)
		printf("%s\n", benches[i].name);
	printf("\n");
	fflush(stdout);
	while (scanf("%63s", name) == 1)
	{
		double		began = now(CLOCK_MONOTONIC);
		double		began_work = now(CLOCK_PROCESS_CPUTIME_ID);
		double		seconds = 0;
		long		things = 0;
		int			i = 0;

		while (i < count && strcmp(benches[i].name, name) != 0)
			i++;
		if (i == count)
			bench_die(name, NULL);
		for (; seconds < LEAST_SECONDS; seconds = now(CLOCK_PROCESS_CPUTIME_ID) - began_work)
			things += benches[i].fn(benches[i].arg);
		printf("%ld %.9f %.9f\n", things, now(CLOCK_MONOTONIC) - began, seconds);
		fflush(stdout);
	}
	return 0;
}
