-- Dates: what a field declares of them, and time zones as the server itself has them.
\set SHOW_CONTEXT never
\pset null -
SET datestyle = ISO;
SET timezone = 'UTC';
SET intervalstyle = postgres;

-- what a field declares, and what it can't
SELECT yottastore.field('at', 'timestamp', formats => ARRAY['auto'], timezone => 'Europe/Rome', year_pivot => 30);
SELECT yottastore.field('at', 'timestamp', timezone => '+05:30');
SELECT yottastore.field('at', 'timestamp', timezone => 'europe/rome');
SELECT yottastore.field('at', 'timestamp', timezone => 'Europe/Rom');
SELECT yottastore.field('at', 'timestamp', timezone => 'CET-1CEST');
SELECT yottastore.field('at', 'timestamp', timezone => 'localtime');
SELECT yottastore.field('at', 'timestamp', timezone => 'posix/Europe/Rome');
SELECT yottastore.field('at', 'timestamp', timezone => '../../etc/passwd');
SELECT yottastore.field('at', 'timestamp', timezone => '');
SELECT yottastore.field('at', 'text', timezone => 'Europe/Rome');
SELECT yottastore.field('at', 'date', year_pivot => 100);
SELECT yottastore.field('at', 'date', year_pivot => -1);
SELECT yottastore.field('at', 'numeric', year_pivot => 30);
SELECT yottastore.field('at', 'timestamp', timezone => 'Europe/Rome', default_value => '2024-07-01 12:00');
SELECT yottastore.field('at', 'timestamp', timezone => 'Europe/Rome', default_value => '2024-02-30 12:00');

-- the zone of what names none, the day in it, the pivot, a default; and who names a zone that is none
SELECT item, field, value, raw, outcome, reason FROM yottastore.test_index_policy(
	ARRAY[yottastore.field('at', 'timestamp', ARRAY['v'], formats => ARRAY['auto'], timezone => 'America/New_York', year_pivot => 30),
		  yottastore.field('day', 'date', ARRAY['v'], formats => ARRAY['auto'], timezone => 'America/New_York', year_pivot => 30),
		  yottastore.field('noon', 'timestamp', ARRAY['none'], timezone => 'Asia/Tokyo', default_value => '2024-07-01 12:00')],
	sample => ARRAY['{"v": "2024-03-12 22:15"}', '{"v": "2024-03-12T02:15:00Z"}', '{"v": "12/31/30 00:00"}', '{"v": "31/12/99"}',
					'{"v": 1710238500}', '{"v": "2024-03-12 10:15 FOO+3"}', '{"v": "2024-03-12 10:15 asia/TOKYO"}',
					'{"v": "03/04/2024"}']::jsonb[])
WHERE field <> 'noon' OR item = 1;

-- Every zone of the server, around each hour of the year at which its clocks change, in years of the past, the present
-- and far off: a time of its clocks is the moment that it is to the server.
CREATE TEMP TABLE zones AS
	SELECT name FROM pg_timezone_names
	WHERE name !~ '^(posix|right/|localtime|Factory)';
CREATE TEMP TABLE clocks AS
	WITH days AS (
		SELECT name, day FROM zones,
			(VALUES (1918), (1945), (1986), (2011), (2024), (2087), (2499), (2500), (3024), (9998)) y (year),
			LATERAL generate_series(make_timestamp(year, 1, 1, 0, 0, 0), make_timestamp(year, 12, 31, 0, 0, 0), '1 day') day
		WHERE hashtext(name || year) % 6 = 0),
	changes AS (
		SELECT name, day FROM days
		WHERE (day AT TIME ZONE 'UTC') AT TIME ZONE name - day
			<> ((day + '1 day') AT TIME ZONE 'UTC') AT TIME ZONE name - (day + '1 day'))
	SELECT name, date_trunc('hour', day AT TIME ZONE 'UTC' AT TIME ZONE name) + n * interval '30 minutes' AS local
	FROM changes, generate_series(-52, 100) n
	UNION ALL
	SELECT name, timestamp '1850-01-01 00:00:01' + n * interval '137 years 5 months 3 days 7:11:13'
	FROM zones, generate_series(0, 58) n;
SELECT count(*) > 30000 AS many, count(DISTINCT name) = (SELECT count(*) FROM zones) AS all_zones FROM clocks;
SELECT c.name, c.local, t.value, c.local AT TIME ZONE c.name AS server
FROM (SELECT row_number() OVER () AS item, * FROM (SELECT * FROM clocks ORDER BY name, local) o) c
JOIN yottastore.test_index_policy(
		ARRAY[yottastore.field('at', 'timestamp')],
		sample => (SELECT array_agg(jsonb_build_object('at', to_char(local, 'YYYY-MM-DD HH24:MI:SS ') || upper(name)) ORDER BY name, local)
				   FROM clocks)) t
	ON t.item = c.item
WHERE t.field = 'at' AND t.value IS DISTINCT FROM (c.local AT TIME ZONE c.name)::text
ORDER BY 1, 2 LIMIT 20;

-- and back: the day of a moment (WET is an offset where a value names it, and a zone with a summer where the field does)
DO $$
DECLARE
	zone text;
	wrong integer := 0;
	many integer := 0;
	found record;
BEGIN
	FOR zone IN SELECT name FROM zones WHERE hashtext(name) % 10 = 0 AND name NOT IN (SELECT abbrev FROM pg_timezone_abbrevs) LOOP
		FOR found IN
			SELECT t.value, ((c.local AT TIME ZONE zone) AT TIME ZONE zone)::date::text AS day
			FROM (SELECT row_number() OVER (ORDER BY local) AS item, local FROM clocks WHERE name = zone) c
			JOIN yottastore.test_index_policy(
					ARRAY[yottastore.field('at', 'date', timezone => zone)],
					sample => (SELECT array_agg(jsonb_build_object('at', to_char(local AT TIME ZONE zone, 'YYYY-MM-DD"T"HH24:MI:SSZ'))
												ORDER BY local)
							   FROM clocks WHERE name = zone)) t
				ON t.item = c.item AND t.field = 'at'
		LOOP
			many := many + 1;
			wrong := wrong + (found.value IS DISTINCT FROM found.day)::integer;
		END LOOP;
	END LOOP;
	RAISE NOTICE 'many %, wrong %', many > 3000, wrong;
END $$;

-- What the server prints in each style is read as what it is, or refused because it could be another date; and local
-- mean time (LMT) is not one zone.
CREATE TEMP TABLE moments AS
	SELECT n, timestamptz '0044-03-15 10:15:00.5+00' + n * interval '61 years 7 months 5 days 3:07:11.25' AS at
	FROM generate_series(0, 160) n;
CREATE FUNCTION pg_temp.read_back(style text, zone text, as_date boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM set_config('datestyle', style, true), set_config('timezone', zone, true);
	SELECT string_agg(DISTINCT CASE WHEN t.outcome = 'rejected' THEN t.reason
		WHEN as_date THEN CASE WHEN t.value::date = m.at::date THEN 'right' ELSE 'wrong: ' || m.at::date || ' ' || t.value END
		WHEN t.value::timestamptz = m.at THEN 'right' ELSE 'wrong: ' || m.at || ' ' || t.value END, ', ')
	INTO said
	FROM (SELECT row_number() OVER (ORDER BY n) AS item, at FROM moments) m
	JOIN yottastore.test_index_policy(
			ARRAY[yottastore.field('at', CASE WHEN as_date THEN 'date' ELSE 'timestamp' END, formats => ARRAY['SQL'])],
			sample => (SELECT array_agg(jsonb_build_object('at', CASE WHEN as_date THEN at::date::text ELSE at::text END) ORDER BY n)
					   FROM moments)) t
		ON t.item = m.item AND t.field = 'at';
	PERFORM set_config('datestyle', 'ISO', true), set_config('timezone', 'UTC', true);
	RETURN said;
END $$;
SELECT style, zone, pg_temp.read_back(style, zone, false) AS moments, pg_temp.read_back(style, zone, true) AS dates
FROM unnest(ARRAY['ISO', 'German', 'Postgres, MDY', 'Postgres, DMY', 'SQL, MDY', 'SQL, DMY']) style, unnest(ARRAY['UTC', 'Asia/Tehran', 'Asia/Tokyo']) zone;
