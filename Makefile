# What `make` alone tells.
help:
	@echo "make run     an event-readiness check on sample data, from request to report"
	@echo "make dev     the whole pipeline on private servers, until Ctrl-C"
	@echo "make test    every test, against private servers"
	@echo "make chaos   what happens when things break: half an hour of faults, written to docs/reliability.md"
	@echo "make fuzz    hostile input for the readers, SECONDS=30 for each"
	@echo "make sanitize  the wrappers' tests under AddressSanitizer and ThreadSanitizer"
	@echo "make bench   how fast it is here, beside the machine's limits;  make bench-peers  beside other systems, too"
	@echo "make bench-growth  with 1,000,000 finished workflows, and 100,000 that wait;  make bench-micro  single steps"
	@echo "make simulate  thousands of workflows over a simulated broker, database and clock (SEEDS=1-1080)"
	@echo "make simulate-mutants  breaks the code on purpose, and expects the simulation to see it"
	@echo "make format  the sources as swift-format wants them;  make lint  complains instead"

.PHONY: help setup run dev test chaos chaos-short fuzz sanitize bench bench-peers bench-growth bench-micro simulate simulate-mutants format lint

CHECKS = --explicit-target-dependency-import-check error
# All at once, those that simulate thousands of runs starve those that wait for a server, and time limits pass.
PACE = --experimental-maximum-parallelization-width 4

# The distribution's packages that Baton is built with and runs on.
setup:
	@scripts/setup

# The main job on real input: a sample season with its faults, checked by five domains, merged while they work.
EXAMPLE = examples/event-readiness

run: setup
	swift build -c release --product baton
	@BATON=.build/release/baton .build/release/baton dev --data .baton/run --skills $(EXAMPLE)/skills \
	    --prepare $(EXAMPLE)/prepare -- $(EXAMPLE)/run

dev: setup
	swift build -c release --product baton
	@exec .build/release/baton dev

test: setup
	swift build --build-tests $(CHECKS)
	@scripts/with-servers swift test --skip-build $(CHECKS) $(PACE)
	@$(MAKE) --no-print-directory simulate
	@.build/debug/Chaos --short
	@scripts/fuzz $(SECONDS)

# Real faults under load: two replicas of every process, on servers of their own. The full form also fills disks, moves
# clocks and cuts a broker cluster apart, which needs root.
chaos: setup
	@scripts/setup faketime iproute2
	swift build --product baton && swift build --product Chaos
	@.build/debug/Chaos --report docs/reliability.md

chaos-short: setup
	swift build --product baton && swift build --product Chaos
	@.build/debug/Chaos --short

# SECONDS=600 makes a campaign of it; see docs/hardening.md.
SECONDS = 30

fuzz: setup
	@scripts/fuzz $(SECONDS)

sanitize: setup
	@scripts/sanitize

# QUICK=1 measures everything once; the tables go to docs/performance.md.
bench: setup
	swift build -c release --product baton
	@Benchmarks/run.py

bench-peers: setup
	@scripts/setup redis-server python3-venv
	swift build -c release --product baton
	@Benchmarks/run.py --peers

bench-growth: setup
	swift build -c release --product baton
	@Benchmarks/growth.py

# FILTER='merge.*' measures some.
bench-micro: setup
	BATON_BENCHMARKS=1 swift build -c release --scratch-path .build-bench --product baton
	@BATON=.build-bench/release/baton Benchmarks/micro.py

# One seed is one life of an installation with some ten workflows: 1-1080 are more than 10,000.
SEEDS = 1-1080
# Of so many, each kind of fault, status and event is wanted; of a few it cannot be.
REQUIRE = $(if $(filter file,$(origin SEEDS)),--require-all)

simulate: setup
	swift build -c release --disable-index-store --scratch-path .build-simulate --product Simulation $(CHECKS)
	@SWIFT_DETERMINISTIC_HASHING=1 .build-simulate/release/Simulation --seeds $(SEEDS) $(REQUIRE)

simulate-mutants: setup
	@scripts/setup rsync
	@scripts/simulate-mutants

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
