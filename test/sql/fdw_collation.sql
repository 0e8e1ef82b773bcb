-- Ranges and equality of text keys under collations that are not the store's byte order.
-- (expected/fdw_collation_1.out is for servers built without ICU.)
SELECT count(*) = 0 AS without_icu FROM pg_collation WHERE collname = 'en-x-icu' \gset
\if :without_icu
\quit
\endif
CREATE SERVER plans FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1');
CREATE FOREIGN TABLE notes (
	id bigint OPTIONS (key 'partition') NOT NULL,
	topic text OPTIONS (key 'sort') COLLATE "C" NOT NULL,
	body text
) SERVER plans;
CREATE COLLATION by_language (provider = icu, locale = 'en');
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE id = 1 AND topic >= 'a' COLLATE "C";
EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE id = 1 AND topic >= 'a' COLLATE by_language;
EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE id = 1 AND topic = 'a' COLLATE by_language;
EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE id = 1 AND topic = 'a' COLLATE any_case;
EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE body = 'a' COLLATE any_case;
EXPLAIN (COSTS OFF) SELECT body FROM notes WHERE body > 'a' COLLATE by_language;

\set VERBOSITY terse
DROP SERVER plans CASCADE;
DROP COLLATION by_language, any_case;
