-- Declaring stores, streams, credentials and tables: options, and what is said of bad ones.
\set VERBOSITY default
\set SHOW_CONTEXT never

-- servers of a store
CREATE SERVER s FOREIGN DATA WRAPPER yottastore;
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', node 'x');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes '127.0.0.1:8000');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'ftp://127.0.0.1');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:99999');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://good:8000,http://:8000');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (api 'cql', nodes 'http://127.0.0.1:1');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', region 'eu:south');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', consistency 'weak');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', insert_mode 'replace');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', truncatable 'maybe');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', request_timeout 'soon');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', connect_timeout '0');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', max_requests_per_second '0');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', max_requests_per_second 'many');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', max_read_units_per_second '-0.5');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', max_read_units_per_second 'infinity');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', max_read_units_per_second 'nan');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore OPTIONS (nodes 'http://127.0.0.1:1', ca_file '');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore
  OPTIONS (api 'dynamodb', nodes 'http://127.0.0.1:1, https://store.example.com', region 'eu-south-1',
           consistency 'strong', connect_timeout '100ms', request_timeout '1s', ca_file '/etc/ssl/ca.pem',
           max_requests_per_second '1e3', max_read_units_per_second '0.5');
ALTER SERVER s OPTIONS (DROP nodes);
ALTER SERVER s OPTIONS (SET nodes 'nonsense');
ALTER SERVER s OPTIONS (SET nodes 'http://127.0.0.1:1', DROP ca_file);

-- credentials: no value is repeated
CREATE USER MAPPING FOR CURRENT_USER SERVER s;
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_key_id 'a');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_key_id 'a', secret_access_key '');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_key_id 'a', secret_access_key 'top secret');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_key_id 'a', password 'b');

-- streams
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream;
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers '127.0.0.1:9092');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'http://kafka', topic 'x');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka:0', topic 'x');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka:9092,', topic 'x');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'not a topic');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', format 'avro');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', nodes 'http://a');
CREATE SERVER t FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers 'kafka1, kafka2:9093,[::1]:9092', topic 'x.y_z-1', format 'dynamodb');
CREATE USER MAPPING FOR CURRENT_USER SERVER t OPTIONS (password 'x');
CREATE FOREIGN TABLE on_stream (a text) SERVER t;
SELECT * FROM on_stream;

-- tables and columns
CREATE FOREIGN TABLE v (id text OPTIONS (key 'primary')) SERVER s;
CREATE FOREIGN TABLE v (id text OPTIONS (column 'x')) SERVER s;
CREATE FOREIGN TABLE v (id text OPTIONS (path 'a..b')) SERVER s;
CREATE FOREIGN TABLE v (id text OPTIONS (path 'a[x]')) SERVER s;
CREATE FOREIGN TABLE v (id text OPTIONS (on_mismatch 'ignore')) SERVER s;
CREATE FOREIGN TABLE v (item jsonb OPTIONS (document 'maybe')) SERVER s;
CREATE FOREIGN TABLE v (item jsonb OPTIONS (encoding 'exact')) SERVER s;
CREATE FOREIGN TABLE v (item jsonb OPTIONS (document 'true', path 'x')) SERVER s;
CREATE FOREIGN TABLE v (item jsonb OPTIONS (document 'true', key 'partition')) SERVER s;
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (table 'a b');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (name 'vehicles');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (allow_scan 'sometimes');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (max_scan_pages '0');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (max_scan_pages 'many');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (max_staleness '100d');
CREATE FOREIGN TABLE v (id text) SERVER s OPTIONS (scan_segments '65');
ALTER SERVER s OPTIONS (ADD scan_segments '0');

-- what shows when a table is used: the columns together
CREATE FOREIGN TABLE no_key (id text) SERVER s;
SELECT * FROM no_key;
CREATE FOREIGN TABLE only_sort (id text OPTIONS (key 'sort')) SERVER s;
SELECT * FROM only_sort;
CREATE FOREIGN TABLE two_keys (a text OPTIONS (key 'partition'), b text OPTIONS (key 'partition')) SERVER s;
SELECT * FROM two_keys;
CREATE FOREIGN TABLE same_key (a text OPTIONS (key 'partition', path 'k'), b text OPTIONS (key 'sort', path 'k')) SERVER s;
SELECT * FROM same_key;
CREATE FOREIGN TABLE deep_key (id text OPTIONS (key 'partition', path 'a.b')) SERVER s;
SELECT * FROM deep_key;
CREATE FOREIGN TABLE date_key (id date OPTIONS (key 'partition')) SERVER s;
SELECT * FROM date_key;
CREATE FOREIGN TABLE rounded_key (id numeric(10,2) OPTIONS (key 'partition')) SERVER s;
SELECT * FROM rounded_key;
CREATE FOREIGN TABLE text_document (id text OPTIONS (key 'partition'), item text OPTIONS (document 'true')) SERVER s;
SELECT * FROM text_document;
CREATE FOREIGN TABLE two_documents (id text OPTIONS (key 'partition'), a jsonb OPTIONS (document 'true'),
                                    b jsonb OPTIONS (document 'true')) SERVER s;
SELECT * FROM two_documents;
CREATE FOREIGN TABLE two_typed (id text OPTIONS (key 'partition'), a jsonb OPTIONS (document 'true', encoding 'typed'),
                                b jsonb OPTIONS (document 'true', encoding 'typed')) SERVER s;
SELECT * FROM two_typed;
CREATE FOREIGN TABLE typed_text (id text OPTIONS (key 'partition'), a text OPTIONS (encoding 'typed')) SERVER s;
SELECT * FROM typed_text;
CREATE FOREIGN TABLE "odd name" (id text OPTIONS (key 'partition')) SERVER s;
SELECT * FROM "odd name";

-- using one without credentials, and with none that answers
CREATE FOREIGN TABLE vehicles (id text OPTIONS (key 'partition')) SERVER s;
\set VERBOSITY terse
CREATE ROLE regress_yottastore_reader;
GRANT SELECT ON vehicles TO regress_yottastore_reader;
SET ROLE regress_yottastore_reader;
\set VERBOSITY default
SELECT * FROM vehicles;
SELECT yottastore.create_store_table('s', 'vehicles', 'id');
RESET ROLE;
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (access_key_id 'a', secret_access_key 'b');
ALTER SERVER s OPTIONS (SET request_timeout '200ms');
\set VERBOSITY sqlstate
SELECT * FROM vehicles;
INSERT INTO vehicles VALUES ('x');

-- creating tables
\set VERBOSITY default
SELECT yottastore.create_store_table(NULL, 'vehicles', 'id');
SELECT yottastore.create_store_table('s', 'v', 'id');
SELECT yottastore.create_store_table('s', 'vehicles', '');
SELECT yottastore.create_store_table('s', 'vehicles', 'id date');
SELECT yottastore.create_store_table('s', 'vehicles', 'id', 'id numeric');
SELECT yottastore.create_store_table('t', 'vehicles', 'id');
SELECT yottastore.create_store_table('nowhere', 'vehicles', 'id');
SELECT yottastore.drop_store_table(NULL, 'vehicles');
SELECT yottastore.drop_store_table('s', NULL);
SELECT yottastore.drop_store_table('s', 'v');
SELECT yottastore.drop_store_table('t', 'vehicles');

\set VERBOSITY terse
DROP SERVER s, t CASCADE;
DROP ROLE regress_yottastore_reader;
