# The one door of this project. The work is done by the cmake presets and by tools/.
PREFIX ?= /usr/local
PYTHON := /usr/bin/python3
SECONDS ?= 60
TEST_OPTIONS ?=

.PHONY: help setup build run test check fix asan tsan fuzz soak bench install deb clean

help:     ## this list
	@awk -F ' *## ' '/^[a-z]+:.*## / { sub(/:.*/, "", $$1); printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup:    ## install the Debian packages that are missing
	tools/setup

build: build/build.ninja    ## compile the release build, build/headrace
	cmake --build --preset release

run:      ## set up, build, and serve examples/tour
	tools/setup build run
	$(MAKE) build/headrace
	build/headrace run --chdir examples/tour --python $(PYTHON) \
	    --request-timeout-paths /stuck=3s app:app

test:     ## set up, build, and run all tests
	tools/setup build run test
	$(MAKE) build
	tools/test build $(TEST_OPTIONS)

check:    ## format, tidy and lint; changes nothing
	tools/setup build check
	$(MAKE) build/build.ninja
	tools/format --check
	tools/tidy --headers
	tools/lint

fix:      ## format all C++
	tools/setup check
	tools/format

asan:     ## all tests with AddressSanitizer and UndefinedBehaviorSanitizer
	tools/setup build run test
	$(MAKE) build/asan/build.ninja
	cmake --build --preset asan
	tools/test build/asan $(TEST_OPTIONS)

tsan:     ## tests of loop, channel and edge with ThreadSanitizer
	tools/setup build run test
	$(MAKE) build/tsan/build.ninja
	cmake --build --preset tsan
	tools/test build/tsan

fuzz:     ## each fuzzer for SECONDS (60)
	tools/setup build fuzz
	$(MAKE) build/fuzz/build.ninja
	cmake --build --preset fuzz
	tools/fuzz $(SECONDS)

soak:     ## 1,000 reloads under load, 20 upgrades, 100 of each other way to replace a worker
	tools/setup build run test
	$(MAKE) build
	HEADRACE_STORM=1000 $(PYTHON) -m pytest -q tests/e2e/test_storm.py

bench:    ## requests/s, CPU and latency beside other servers
	tools/setup
	$(MAKE) build
	$(PYTHON) bench/run.py

install: build/headrace    ## install below PREFIX (/usr/local); DESTDIR is honoured
	cmake --install build --prefix $(PREFIX)

deb:      ## build/headrace_VERSION_ARCH.deb
	tools/setup build deb
	$(MAKE) build/headrace
	cd build && cpack

clean:    ## remove build/
	rm -rf build

.PHONY: build/headrace
build/headrace: build/build.ninja
	cmake --build --preset release --target headrace

build/build.ninja: CMakePresets.json
	cmake --preset release

build/%/build.ninja: CMakePresets.json
	cmake --preset $*
