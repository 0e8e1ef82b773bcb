-- how brokers are spoken to, and as whom; that nothing else of librdkafka can be set
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'tls');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'sasl_ssl');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'sasl_ssl', sasl_mechanism 'GSSAPI');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', sasl_mechanism 'PLAIN');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', ca_file '/ca.pem');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'ssl', client_cert_file '/c.pem');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'SSL', ca_file '');

-- tuning, within bounds
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', linger_ms '5001');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', linger_ms '1s');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', queued_max_messages_kbytes '2097151');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', compression 'zip');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', client_rack E'a\nb');
CREATE SERVER s FOREIGN DATA WRAPPER yottastore_stream
  OPTIONS (brokers 'kafka', topic 'x', security_protocol 'sasl_ssl', sasl_mechanism 'scram-sha-512', ca_file '/ca.pem', broker_address_family 'v4',
           client_rack 'a b', compression 'none', connections_max_idle_ms '0', fetch_max_bytes '1048576', fetch_min_bytes '1', fetch_wait_max_ms '0',
           linger_ms '0', max_partition_fetch_bytes '1024', metadata_max_age_ms '1000', queued_max_messages_kbytes '1024',
           socket_connection_setup_timeout_ms '1000', socket_keepalive 'true', socket_timeout_ms '1000');

-- what loads code, runs commands, or reads what it likes
\set VERBOSITY terse
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['plugin.library.paths', 'plugin_library_paths', 'sasl.kerberos.kinit.cmd', 'sasl_kerberos_kinit_cmd',
		'sasl.kerberos.keytab', 'ssl.engine.location', 'ssl.keystore.location', 'ssl.ca.location', 'ssl.ca.certificate.stores', 'ssl.key.pem',
		'enable.ssl.certificate.verification', 'ssl.endpoint.identification.algorithm', 'sasl.oauthbearer.config', 'sasl.password',
		'debug', 'log_level', 'log.queue', 'bootstrap.servers', 'metadata.broker.list', 'group.id', 'auto.offset.reset', 'offset.store.path',
		'enable.idempotence', 'transactional.id', 'opaque', 'open_cb', 'connect_cb', 'test.mock.num.brokers', 'receive.message.max.bytes', '']
	LOOP
		BEGIN
			EXECUTE format('ALTER SERVER s OPTIONS (ADD %I %L)', name, 'x');
			RAISE WARNING 'option % was taken', name;
		EXCEPTION WHEN fdw_invalid_option_name OR syntax_error THEN NULL;
		END;
	END LOOP;
END
$$;
\set VERBOSITY default

-- logins
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_key_id 'a');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'a');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'a', password '');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'a', password E'sEcReT\n');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'a', password 'sEcReT', profile 'p');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (environment 'A', profile 'p');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (environment 'KAFKA');
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'a b', password 'p q');

-- who may name what is on the server's machine
CREATE ROLE regress_yottastore_streamer;
GRANT USAGE ON FOREIGN DATA WRAPPER yottastore_stream TO regress_yottastore_streamer;
GRANT USAGE ON FOREIGN SERVER s TO regress_yottastore_streamer;
SET ROLE regress_yottastore_streamer;
CREATE SERVER mine FOREIGN DATA WRAPPER yottastore_stream OPTIONS (brokers 'kafka', topic 'x', security_protocol 'ssl', ca_file '/etc/passwd');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (profile 'p');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (environment 'KAFKA');
CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'mine', password 'sEcReT');
SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 's' ORDER BY usename;
RESET ROLE;
ALTER SERVER s OWNER TO regress_yottastore_streamer;
SET ROLE regress_yottastore_streamer;
ALTER SERVER s OPTIONS (SET brokers 'mine');
RESET ROLE;
\set VERBOSITY terse
DROP SERVER s CASCADE;
REVOKE ALL ON FOREIGN DATA WRAPPER yottastore_stream FROM regress_yottastore_streamer;
DROP ROLE regress_yottastore_streamer;
