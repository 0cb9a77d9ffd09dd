# One recipe a lane; CI (.ci/run) runs exactly these, in the order of `ci`.

# How many compilations at once; JOBS=2 just ci on a machine that does other work too
jobs := env("JOBS", num_cpus())

# A network of its own where that is permitted: a host's connection tracking would fill up under many short connections
isolated := if `unshare --net true 2>/dev/null && echo yes || echo no` == "yes" {
    "unshare --net sh -c 'ip link set lo up && exec \"$0\" \"$@\"'"
} else { "" }

# What a static binary is built for: this machine
static := arch() + "-unknown-linux-gnu"

# What the image for the tests is called
test_image := env("LB_TEST_IMAGE", "lb:test")

# Show the lanes
default:
    @just --list --unsorted

# Every lane, in order
ci: fmt lint doc tidy unit loopback browser fuzz-smoke api-fuzz bench-smoke docker

# What README's second command runs: everything that needs nothing but cargo
test:
    cargo test --workspace

# Layout of the code is rustfmt's
fmt:
    cargo fmt --all --check

# clippy without a warning, tests and benches too
lint:
    cargo clippy --workspace --all-targets -j {{jobs}} -- -D warnings

# The house rules: sizes, import directions, heads, no stubs, no sleeping tests
tidy:
    cargo test -j {{jobs}} -p lb-server --test tidy

# Everything pure, and what one crate can test alone
unit:
    cargo test -j {{jobs}} --workspace --lib --bins

# The binary and the crates over real loopback sockets; what wants a Docker engine or a browser has a lane of its own
loopback:
    LB_CHROMEDRIVER=the-lane-browser-runs-these DOCKER_HOST=unix:///the-lane-docker-runs-these cargo test -j {{jobs}} --workspace --test '*'

# The dashboard in Debian's chromium; a machine without chromedriver says so and passes
browser:
    cargo test -j {{jobs}} -p lb-server --test browser -- --nocapture

# The pictures of the dashboard in docs/screenshots, taken anew; look at them before they are committed
screenshots:
    mkdir -p docs/screenshots
    LB_SCREENSHOTS=$PWD/docs/screenshots cargo test -j {{jobs}} -p lb-server --test browser -- --nocapture pictures

# The fuzz targets for seconds each: what reads strangers' bytes comes to the same end however they are split
fuzz-smoke: (fuzz "10")

# The fuzz targets for so many seconds each; what they learn stays in target/fuzz, inputs that fail too
fuzz SECONDS:
    fuzz/run {{SECONDS}}

# The admin API by its own document: valid, and answered as it says, for so many seconds. Needs python3 -m venv and PyPI;
# says so and passes without. The same seed asks the same questions: another one asks others
api-fuzz SECONDS="60" SEED="28":
    fuzz/api {{SECONDS}} {{SEED}}

# Syscalls of the workers that fail, alone (they are part of loopback); a machine without strace says so and passes
faults:
    cargo test -j {{jobs}} -p lb-server --test e2e faults

# Writes what stands in docs/ and packaging/ because of the code: the reference of the configuration, its example, the metrics
docs:
    LB_WRITE_DOCS=1 cargo test -q -j {{jobs}} -p lb-server --bin lb docs_
    LB_WRITE_DOCS=1 cargo test -q -j {{jobs}} -p lb-admin --lib docs_

# The documentation builds, and every link in it leads somewhere
doc:
    cargo test -j {{jobs}} --workspace --doc
    RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc -j {{jobs}} --workspace --no-deps --document-private-items

# Every experiment of the bench once, small: does it run, and does its verdict hold?
bench-smoke:
    cargo build -j {{jobs}} --release --workspace
    target/release/lb-bench a1 --requests 2000
    target/release/lb-bench a2 --requests 2000
    target/release/lb-bench a3 --kills 3 --worst 10000
    target/release/lb-bench a4 --requests 2000
    target/release/lb-bench scale --requests 4000
    target/release/lb-bench ring
    target/release/lb-bench hold --connections 500 --changes 20
    target/release/lb-bench plan --changes 100
    {{isolated}} target/release/lb-bench traffic --connections 4000
    {{isolated}} target/release/lb-bench overload --loris 500 --seconds 3 --rate 200
    {{isolated}} target/release/lb-bench fairness --clients 100 --rate 200 --seconds 3 --worst 500

# A container image out of a static binary, which is all that is in it: no builder image and no registry are needed
image PROFILE="release" TAG="lb:latest":
    RUSTFLAGS=-Ctarget-feature=+crt-static cargo build -j {{jobs}} -p lb-server --bin lb --target {{static}} --profile {{PROFILE}}
    mkdir -p target/image/state/lb && chmod 775 target/image/state/lb
    cp target/{{static}}/{{replace_regex(PROFILE, "^dev$", "debug")}}/lb target/image/lb
    DOCKER_BUILDKIT=0 docker build -q -t {{TAG}} -f packaging/Dockerfile.prebuilt target/image

# Real containers on a real engine: the docker runtime, and the compose stack. Says so and passes where no engine answers
docker:
    @docker info >/dev/null 2>&1 || { echo "docker: NOT RUN: no engine answers (docker info)"; exit 0; } && just jobs={{jobs}} engine-tests

[private]
engine-tests: (image "dev" test_image)
    LB_TEST_IMAGE={{test_image}} cargo test -j {{jobs}} -p lb-server --test docker --test compose -- --nocapture

# How long the steps of lb-core take (look-up, first line, table, diff, hand-over), in wall time
micro *FLAGS:
    cargo bench -j {{jobs}} -p lb-core --bench micro -- {{FLAGS}}

# How many instructions the same steps take, against bench/instructions.json; --record writes it anew. Needs valgrind
instructions *FLAGS:
    @command -v valgrind >/dev/null || { echo "valgrind is missing (apt-get install valgrind)" >&2; exit 1; }
    @command -v gungraun-runner >/dev/null || { echo "missing: cargo install gungraun-runner --version 0.20.0" >&2; exit 1; }
    cargo bench -j {{jobs}} -p lb-core --bench instructions -- --output-format=json > target/instructions.jsonl
    cargo run -j {{jobs}} -q -p bench --bin instructions -- {{FLAGS}} < target/instructions.jsonl

# What CI has no time for, by hand: a million ids, 100 kills and 50 freezes under load, 140,000 connections of random
# traffic, overload, fairness, every figure beside haproxy and nginx, lb itself killed, churn, abuse, and containers where
# there is an engine. Goes on after a failed verdict, and fails at the end
soak DIR="bench/results/soak": && (soak-verdicts DIR)
    cargo build -j {{jobs}} --release --workspace
    {{isolated}} target/release/lb-bench a1 --requests 100000 --out {{DIR}}/a1-100k
    {{isolated}} target/release/lb-bench a1 --requests 1000000 --out {{DIR}}/a1-1m
    cargo test -j {{jobs}} --release -p lb-core --test loopback --no-run
    LB_SIM_RANDOM=5000 cargo test -j {{jobs}} -p lb-core --lib a_million_steps -- --nocapture
    fuzz/run 300
    fuzz/api 600
    for seed in $(seq 1 20); do LB_TRAFFIC_SEED=$seed cargo test -q --release -p lb-core --test loopback traffic || exit 1; done

# The part of `soak` whose verdicts are all wanted, also where an earlier one fails
[private]
soak-verdicts DIR:
    #!/bin/sh
    failed=0
    verdict() { name=$1; shift; {{isolated}} target/release/lb-bench "$@" --out {{DIR}}/$name || { echo "soak: $name failed"; failed=1; }; }
    verdict a3-100 a3 --kills 100
    verdict a3-stop-50 a3 --signal stop --kills 50
    verdict traffic traffic --connections 100000
    verdict overload overload
    verdict fairness fairness
    verdict peers peers
    verdict hold hold --connections 9000
    verdict plan plan
    verdict restart restart --kills 50
    verdict churn churn
    verdict abuse abuse
    verdict autoscale autoscale
    # With an engine and the image lb:latest (`just image`), in the machine's network; `outage` makes an engine of its own.
    if docker image inspect lb:latest >/dev/null 2>&1; then
        on_engine() { name=$1; shift; target/release/lb-bench "$@" --out {{DIR}}/$name || { echo "soak: $name failed"; failed=1; }; }
        on_engine a1-docker a1 --runtime docker
        on_engine a2-docker a2 --runtime docker
        on_engine a3-docker-kill a3 --runtime docker --signal kill --kills 100
        for signal in stop pause oom rm; do on_engine a3-docker-$signal a3 --runtime docker --signal $signal --kills 20; done
        on_engine restart-docker restart --runtime docker --kills 50
        on_engine outage outage --seconds 60
    else
        echo "soak: containers NOT RUN: no Docker engine answers, or it has no image lb:latest (just image)"
    fi
    exit $failed
