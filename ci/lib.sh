# shellcheck shell=bash
# What the scripts of this folder share: where things are, and as whom they run.
# Sourced, not run. Linux only (process identity is read from /proc).

set -euo pipefail

YS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
YS_CACHE=${YS_CACHE:-$YS_ROOT/.cache}
PYTHON=${PYTHON:-/usr/bin/python3}
PG_CONFIG=${PG_CONFIG:-pg_config}

# Scratch clusters live outside the checkout: PostgreSQL refuses to run as root, and the checkout
# may lie where nobody else can look. One folder a checkout, named after its path.
YS_STATE=${YS_STATE:-${TMPDIR:-/tmp}/yottastore-$(printf '%s' "$YS_ROOT" | cksum | cut -d' ' -f1)}

# The unprivileged user servers run as.
if [ "$(id -u)" = 0 ]; then
    YS_USER=postgres
else
    YS_USER=$(id -un)
fi

export YS_ROOT YS_CACHE YS_STATE YS_USER PYTHON PG_CONFIG

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
    warn "error: $*"
    exit 1
}

# Runs a command with root's rights.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this step needs root: $* (run as root or install sudo)"
    fi
}

# Runs a command as the unprivileged user, in the state folder, which is also its home.
as_user() {
    if [ "$(id -un)" = "$YS_USER" ]; then
        (cd "$YS_STATE" && "$@")
    else
        (cd "$YS_STATE" && runuser -u "$YS_USER" -- env HOME="$YS_STATE" "$@")
    fi
}

# Makes the state folder, owned by the unprivileged user. A folder of somebody else's making is
# refused, since /tmp is open to all.
make_state() {
    if [ -e "$YS_STATE" ] || [ -L "$YS_STATE" ]; then
        if [ -L "$YS_STATE" ] || [ "$(stat -c %U "$YS_STATE")" != "$YS_USER" ]; then
            die "$YS_STATE is not $YS_USER's: remove it, or choose another folder with YS_STATE"
        fi
        return
    fi
    id -u "$YS_USER" >/dev/null 2>&1 || die "there is no user $YS_USER (run: make deps)"
    mkdir -m 0755 "$YS_STATE"
    [ "$(id -un)" = "$YS_USER" ] || chown "$YS_USER:" "$YS_STATE"
}

# Prints one free loopback port.
free_port() {
    perl -MIO::Socket::INET -e '
        print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport, "\n"'
}

# port_open PORT: does anything listen there?
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

# build_elsewhere VERSION NAME [MAKE VARIABLES...]: builds the sources as they are now in build/NAME, for a
# fetched server of another version, and installs them into a copy of it. Afterwards build/NAME is the
# current folder, and PG_CONFIG and YS_STATE are its own; the copy is gone when the script ends.
build_elsewhere() {
    local version=$1 name=$2 made tree modules old
    shift 2
    "$YS_ROOT/ci/fetch-servers" "$version"
    made=$(echo "$YS_CACHE/postgres-$version"/*/pginstall)

    # beside the objects of the last run
    tree=$YS_ROOT/build/$name
    mkdir -p "$tree"
    cd "$YS_ROOT"
    git ls-files -z --cached --others --exclude-standard >"$tree/.files"
    while IFS= read -r -d '' old; do
        [ -e "$old" ] || rm -f "$tree/$old" "$tree/${old%.c*}.o" "$tree/${old%.c*}.d"
    done < <(cd "$tree" && find src sql test expected -type f ! -name '*.[od]' -print0 2>/dev/null)
    tar --create --null --files-from "$tree/.files" --ignore-failed-read 2>/dev/null |
        tar --extract --directory "$tree"
    cd "$tree"
    say "building for $("$made/bin/pg_config" --version)"
    make --no-print-directory -s -j2 all "$@" PG_CONFIG="$made/bin/pg_config"

    # The Perl modules for tests, which only Debian's packages bring, serve later versions, too.
    modules=$(dirname "$("$PG_CONFIG" --pgxs)")/../test/perl
    [ -d "$modules" ] || die "the server of PG_CONFIG has no Perl test modules (run: make deps)"

    # a copy of the server that the unprivileged user can read
    YS_STATE=$YS_STATE.$name
    rm -rf "$YS_STATE.server"
    trap 'rm -rf "$YS_STATE.server"' EXIT
    cp -a "$YS_CACHE/postgres-$version" "$YS_STATE.server"
    PG_CONFIG=$(echo "$YS_STATE.server"/*/pginstall/bin/pg_config)
    export YS_STATE PG_CONFIG
    cp -a "$modules" "$(dirname "$("$PG_CONFIG" --pgxs)")/../test/perl"
    ci/install
}
