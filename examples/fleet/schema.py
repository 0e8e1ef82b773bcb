"""The SQL of the example: servers, store table, foreign table, relay, areas and the index policy.

The paths of the policy are those the makers use (makers.py); nothing else is derived.
"""
import makers
from paths import sql_literal

POLICY = 'vehicle_service'
RELAY = 'vehicles_relay'
STORE_SERVER, STREAM_SERVER = 'fleet', 'fleet_changes'
STORE_TABLE = 'vehicles'

FORMATS = ('ISO', 'DD/MM/YYYY', 'MM-DD-YY', 'DD Mon YYYY', 'epoch_s', 'epoch_ms')

# Days between two services of one kind of vehicle; kinds are in the form the index keeps them in.
SERVICE_INTERVALS = {
    'passenger car': 365, 'multipurpose passenger vehicle (mpv)': 365, 'truck': 180, 'bus': 120,
    'motorcycle': 270, 'trailer': 540, 'incomplete vehicle': 365, 'low speed vehicle (lsv)': 365,
    'off road vehicle': 200,
}


def _array(texts):
    return 'ARRAY[%s]' % ', '.join(map(sql_literal, texts))


def _field(name, kind, options):
    fact = {'last_service': 'service', 'odometer_km': 'odometer'}.get(name, name)
    declared = [getattr(style, fact) for style in makers.STYLES]
    indent = '\n' + ' ' * 10
    return (f"    yottastore.field({sql_literal(name)}, {sql_literal(kind)},"
            f"{indent}paths => {_array(declared)},{indent}{options})")


def create_servers(store_url, brokers, topic):
    """The statements before the load, in order."""
    return (
        "CREATE EXTENSION IF NOT EXISTS yottastore",
        f"CREATE SERVER {STORE_SERVER} FOREIGN DATA WRAPPER yottastore\n"
        f"  OPTIONS (api 'dynamodb', nodes {sql_literal(store_url)}, region 'eu-south-1')",
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER {STORE_SERVER}\n"
        "  OPTIONS (access_key_id 'demo', secret_access_key 'demo')",
        f"SELECT yottastore.create_store_table(server => '{STORE_SERVER}', table_name => '{STORE_TABLE}',\n"
        "  partition_key => 'vehicle_id', sort_key => NULL, stream => true)",
        f"CREATE FOREIGN TABLE {STORE_TABLE} (\n"
        "  vehicle_id text OPTIONS (key 'partition') NOT NULL,\n"
        "  item jsonb OPTIONS (document 'true')\n"
        f") SERVER {STORE_SERVER} OPTIONS (table '{STORE_TABLE}')",
        f"CREATE SERVER {STREAM_SERVER} FOREIGN DATA WRAPPER yottastore_stream\n"
        f"  OPTIONS (brokers {sql_literal(brokers)}, topic {sql_literal(topic)}, format 'dynamodb')",
        f"SELECT yottastore.create_relay('{RELAY}', source => '{STORE_TABLE}', stream => '{STREAM_SERVER}')",
        "CREATE TABLE service_intervals (kind text PRIMARY KEY, days integer NOT NULL)",
        "INSERT INTO service_intervals VALUES\n  " + ', '.join(
            f"({sql_literal(kind)}, {days})" for kind, days in SERVICE_INTERVALS.items()),
    )


def load_areas():
    """Loading the boundaries; the GeoJSON text is its one parameter."""
    return ("SELECT yottastore.load_areas(geojson => %s::jsonb, level => 'country',\n"
            "  name_property => 'name')")


def create_policy():
    """The index policy of the demo."""
    fields = ',\n'.join((
        _field('kind', 'text', "normalizers => ARRAY['trim', 'lower']"),
        _field('make', 'text', "normalizers => ARRAY['trim', 'collapse', 'upper']"),
        _field('model', 'text', "normalizers => ARRAY['trim', 'collapse']"),
        _field('revision', 'text', "normalizers => ARRAY['trim', 'collapse']"),
        _field('last_service', 'date', f"combine => 'max', formats => {_array(FORMATS)}"),
        _field('odometer_km', 'numeric', "unit => 'km', locale => 'en'"),
    ))
    pairs = [style.where for style in makers.STYLES if style.shape == 'lat, lon']
    whole = [style.where[0] for style in makers.STYLES if style.shape != 'lat, lon']
    return (f"SELECT yottastore.create_index_policy('{POLICY}', source => '{STORE_TABLE}', "
            f"stream => '{STREAM_SERVER}',\n  fields => ARRAY[\n{fields}],\n"
            "  area => yottastore.area_from_location(\n"
            f"    lat => {_array(lat for lat, _ in pairs)},\n"
            f"    lon => {_array(lon for _, lon in pairs)},\n"
            f"    paths => {_array(whole)},\n"
            "    level => 'country'))")


def drop_all():
    """What an earlier run left, in the order it can be dropped; each is fine when nothing is there."""
    return (
        f"SELECT yottastore.drop_index_policy('{POLICY}', if_exists => true)",
        f"SELECT yottastore.drop_relay('{RELAY}', if_exists => true)",
        f"DROP SERVER IF EXISTS {STREAM_SERVER} CASCADE",
        f"DROP SERVER IF EXISTS {STORE_SERVER} CASCADE",
        "DROP TABLE IF EXISTS service_intervals",
    )
