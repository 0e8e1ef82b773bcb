# yottastore: build, install, test. `make help` lists the targets.

EXTENSION = yottastore
MODULE_big = yottastore

SOURCES_C := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
SOURCES_CXX := $(sort $(wildcard src/base/*.cpp))
OBJS = $(SOURCES_C:.c=.o) $(SOURCES_CXX:.cpp=.o)
DATA = $(sort $(wildcard sql/yottastore--*.sql))

# -MMD -MP: objects are rebuilt when a header they include changes
PG_CPPFLAGS = -Isrc -MMD -MP
PG_CFLAGS = -Wno-declaration-after-statement
PG_CXXFLAGS = -std=c++17
SHLIB_LINK = -lcurl -lrdkafka -ljansson -lsimdjson -lutf8proc -lstdc++ \
	-Wl,--version-script=ci/exports.map -Wl,-Bsymbolic-functions

# Developers and CI are strict; users with another compiler are not stopped by its warnings.
STRICT = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
ifeq ($(CI),true)
COPT += $(STRICT)
endif

# No bitcode, so that building needs no clang.
override with_llvm = no

# pg_regress looks for sql/ and expected/ in one folder; here one is in test/, the other on top.
REGRESS = $(sort $(basename $(notdir $(wildcard test/sql/*.sql))))
REGRESS_PREP = build/regress
REGRESS_OPTS = --inputdir=build/regress --outputdir=build/regress --encoding=UTF8 \
	--load-extension=yottastore
SPECS = $(sort $(basename $(notdir $(wildcard test/specs/*.spec))))

EXTRA_CLEAN = build $(OBJS:.o=.d)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install installcheck uninstall clean:
	@echo "$(PG_CONFIG) names no server to build for: run 'make deps', or set PG_CONFIG" >&2; exit 1
endif

-include $(OBJS:.o=.d)

$(MODULE_big)$(DLSUFFIX): ci/exports.map

# Debian's: the one that has the packages' modules, whatever else is first in PATH
PYTHON ?= /usr/bin/python3
export PG_CONFIG PYTHON

.PHONY: help deps unit fuzz fault valgrind tap isolation layers lint test test-installcheck test-isolation \
	test-versions bench-scan bench-normalize bench-cancel bench-stream bench-query \
	demo up install-if-new psql down distclean build/regress build/isolation

# ---- tests -----------------------------------------------------------------------------------

build/regress build/isolation:
	@mkdir -p $@
	@rm -f $@/regression.diffs
	@ln -sfn $(CURDIR)/expected $@/expected
	@ln -sfn $(CURDIR)/test/sql $@/sql
	@ln -sfn $(CURDIR)/test/specs $@/specs

# The layers without PostgreSQL, linked alone and built with sanitizers.
UNIT_FLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Isrc -MMD -MP -Wall -Wextra $(if $(filter true,$(CI)),-Werror)
PURE_SOURCES := $(sort $(wildcard src/base/arena*.c src/base/error*.c src/base/json*.c \
	src/base/json*.cpp src/base/moving*.c src/store/value*.c src/policy/*.c src/policy/*/*.c src/stream/event*.c \
	src/stream/version.c))
PURE_OBJS = $(patsubst src/%,build/unit/src/%.o,$(PURE_SOURCES))
PURE_LIBS = -lsimdjson -lutf8proc -lm
UNIT_HELPERS = $(patsubst test/unit/%,build/unit/%.o,\
	$(filter-out test/unit/test_%,$(wildcard test/unit/*.c)))
UNIT_TESTS = $(patsubst test/unit/%.c,build/unit/%,$(sort $(wildcard test/unit/test_*.c)))

build/unit/src/%.c.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(UNIT_FLAGS) -c -o $@ $<

build/unit/src/%.cpp.o: src/%.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(UNIT_FLAGS) -c -o $@ $<

build/unit/%.c.o: test/unit/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(UNIT_FLAGS) -Itest/unit -DUNIT_SOURCE_ROOT='"$(CURDIR)"' \
		-c -o $@ $<

build/unit/test_%: build/unit/test_%.c.o $(UNIT_HELPERS) $(PURE_OBJS)
	$(CXX) $(UNIT_FLAGS) -o $@ $^ -lcmocka $(PURE_LIBS)

# The fuzz targets, called with the inputs that are kept.
FUZZ_SOURCES := $(sort $(wildcard test/fuzz/fuzz*.c))
FUZZ_REPLAY = $(patsubst test/%,build/unit/%.o,$(FUZZ_SOURCES))

build/unit/fuzz/%.c.o: test/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(UNIT_FLAGS) -Itest/unit -c -o $@ $<

build/unit/test_fuzz: $(FUZZ_REPLAY)

-include $(PURE_OBJS:.o=.d) $(UNIT_TESTS:=.c.d) $(UNIT_HELPERS:.o=.d) $(FUZZ_REPLAY:.o=.d)

unit: $(UNIT_TESTS)
	@ci/run-unit $(UNIT_TESTS)

tap:
	@ci/run-tap $(TESTS)

isolation: build/isolation
ifneq ($(SPECS),)
	$(pg_isolation_regress_installcheck) --inputdir=build/isolation \
		--outputdir=build/isolation --encoding=UTF8 --load-extension=yottastore \
		--dbname=isolation_regression $(SPECS)
else
	@echo "no isolation specs"
endif

layers: all
	@ci/check-layers

lint:
	@ci/lint

test: deps
	@ci/test

# The same suites against a server made for the purpose.
test-installcheck test-isolation: test-%:
	@ci/with-cluster $(MAKE) --no-print-directory $*

# The other versions of ci/servers.txt, fetched; each is built for below build/.
test-versions: deps
	@for version in $$(awk '/^[0-9]/ { print $$1 }' ci/servers.txt); do \
		ci/test-version $$version || exit 1; \
	done

# ---- faults ----------------------------------------------------------------------------------

# FAULT='--events 200000 --kills 36 --seed 1'
fault: deps
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@test/fault/run $(FAULT)

# ---- memory ----------------------------------------------------------------------------------

valgrind: deps
	@ci/test-valgrind

# ---- fuzzing ---------------------------------------------------------------------------------

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst fuzz_%,%,$(basename $(notdir $(wildcard test/fuzz/fuzz_*.c))))
FUZZ_CC = clang-14
FUZZ_CXX = clang++-14
FUZZ_FLAGS = $(UNIT_FLAGS) -fsanitize=fuzzer-no-link
FUZZ_OBJS = $(patsubst src/%,build/fuzz/src/%.o,$(PURE_SOURCES)) \
	$(patsubst test/%,build/fuzz/%.o,$(FUZZ_SOURCES) test/unit/corpus.c test/unit/zones.c)

build/fuzz/src/%.c.o: src/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=c11 $(FUZZ_FLAGS) -c -o $@ $<

build/fuzz/src/%.cpp.o: src/%.cpp
	@mkdir -p $(@D)
	$(FUZZ_CXX) -std=c++17 $(FUZZ_FLAGS) -c -o $@ $<

build/fuzz/%.c.o: test/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=gnu11 $(FUZZ_FLAGS) -Itest/unit -c -o $@ $<

build/fuzz/driver_%.o: test/fuzz/driver.c test/fuzz/fuzz.h
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=gnu11 $(FUZZ_FLAGS) -Itest/unit -DFUZZ_TARGET=fuzz_$* -c -o $@ $<

build/fuzz/run_%: build/fuzz/driver_%.o $(FUZZ_OBJS)
	$(FUZZ_CXX) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PURE_LIBS)

-include $(FUZZ_OBJS:.o=.d)
.SECONDARY:

# Each target for FUZZ_SECONDS; what it finds is in build/fuzz/found.
fuzz:
	@ci/install-fuzz-deps
	@$(MAKE) --no-print-directory -s -j2 $(addprefix build/fuzz/run_,$(FUZZ_TARGETS))
	@ci/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# ---- measures --------------------------------------------------------------------------------

SERVE_FLAGS = -std=gnu11 -O2 -Ibench -Wall -Wextra $(if $(filter true,$(CI)),-Werror) -pthread

build/bench/serve_pages: bench/scan/serve_pages.c bench/serve.c bench/serve.h
	@mkdir -p $(@D)
	$(CC) $(SERVE_FLAGS) -o $@ $(filter %.c,$^)

build/bench/serve_items: bench/query/serve_items.c bench/serve.c bench/serve.h
	@mkdir -p $(@D)
	$(CC) $(SERVE_FLAGS) -o $@ $(filter %.c,$^)

bench-scan: deps build/bench/serve_pages
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@bench/scan/run build/bench/serve_pages

# The pure layers as the extension has them: optimized, without sanitizers.
BENCH_FLAGS = -O2 -g -Isrc -MMD -MP -Wall -Wextra -Wno-missing-field-initializers \
	$(if $(filter true,$(CI)),-Werror)
BENCH_OBJS = $(patsubst src/%,build/bench/src/%.o,$(PURE_SOURCES)) \
	$(patsubst bench/%,build/bench/%.o,$(wildcard bench/normalize/*.c)) build/bench/zones.c.o

build/bench/src/%.c.o: src/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(BENCH_FLAGS) -c -o $@ $<

build/bench/src/%.cpp.o: src/%.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(BENCH_FLAGS) -c -o $@ $<

build/bench/normalize/%.c.o: bench/normalize/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(BENCH_FLAGS) -Itest/unit -c -o $@ $<

build/bench/zones.c.o: test/unit/zones.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(BENCH_FLAGS) -c -o $@ $<

build/bench/normalize/measure: $(BENCH_OBJS)
	$(CXX) $(BENCH_FLAGS) -o $@ $^ $(PURE_LIBS)

-include $(BENCH_OBJS:.o=.d)

bench-normalize: deps build/bench/normalize/measure
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@bench/normalize/run build/bench/normalize/measure

bench-cancel: deps
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@ci/with-cluster $(PYTHON) bench/cancel/measure.py

ITEMS = 10000 100000 1000000

bench-query: deps build/bench/serve_items
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@bench/query/run build/bench/serve_items $(ITEMS)

EVENTS = 500000
PARTS = rates latency memory workers relay

bench-stream: deps
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@bench/stream/run $(EVENTS) $(PARTS)

# ---- daily use -------------------------------------------------------------------------------

deps:
	@ci/install-deps
	@ci/fetch-services

up: deps
	@$(MAKE) --no-print-directory -s all
	@ci/install
	@ci/services start
	@ci/connections

demo: up
	@eval "$$(ci/services env)" && exec $(PYTHON) examples/fleet/demo

psql:
	@eval "$$(ci/services env)" && bin=$$($(PG_CONFIG) --bindir) && \
	{ "$$bin/pg_isready" -q || { echo "no server on port $$PGPORT: run 'make up' first" >&2; exit 1; }; } && \
	exec "$$bin/psql"

down:
	@ci/services wipe

distclean: clean
	rm -rf .cache

help:
	@awk '/^#: /{sub(/^#: /, ""); print}' $(firstword $(MAKEFILE_LIST))

#: make               build the extension (plain PGXS; PG_CONFIG=/path/to/pg_config)
#: make install       install it into that server
#: make installcheck  the service-free regression tests against the server of PGHOST, PGPORT
#: make demo          the fleet demonstration; installs whatever it needs
#: make test          every test; installs whatever it needs
#: make up            scratch PostgreSQL, Kafka and store, left running (PGPORT, KAFKA_PORT, STORE_PORT)
#: make psql          a prompt in the scratch database
#: make down          stop the scratch servers and remove their data
#: make unit          C unit tests of the pure layers, with sanitizers
#: make fault         200,000 writes while everything is killed in turn: the index must be the store (FAULT='--seed 1 …')
#: make valgrind      stream worker and relay under valgrind: no invalid access, nothing lost that grows
#: make fuzz          libFuzzer on the pure layers, FUZZ_SECONDS=60 each of FUZZ_TARGETS='date number ...'
#: make tap           TAP tests with a real broker and a real store (TESTS='test/t/000_services.pl')
#: make isolation     isolation specs against the server of PGHOST, PGPORT
#: make layers        the rules between the folders of src/
#: make test-versions builds and tests with PostgreSQL 16 and 18, which it fetches
#: make lint          cppcheck, shellcheck, Python and Perl syntax
#: make bench-scan    scans of recorded pages against the server's JSON parser and against boto3, with workers, and of several tables at once
#: make bench-normalize  dates, numbers, documents, areas and stream records against their targets
#: make bench-cancel  how soon statements end that are cancelled while they wait for the store
#: make bench-query   queries through the index, joins by key, and what they cost (ITEMS='10000 100000 1000000')
#: make bench-stream  the stream worker against plain SQL and a JDBC sink, and others (EVENTS=20000, PARTS='latency ...')
#: make deps          install packages and fetch the services
#: make clean         remove what was built; distclean also the fetched services
