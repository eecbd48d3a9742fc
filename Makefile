# Each target works on a machine that has Rust, a C compiler and python3; what else it needs it installs.
# All but bindgen, which needs libclang.
FEATURES = libchrony/serde libchrony/testing libchrony/tokio

.PHONY: help run demo test lint bindings generated bench plots screenshots msrv deny audit asan valgrind miri conformance publish-check dist docker-test package-test deb rpm fuzz soak asan-soak checks ci

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: ## the dashboard on http://127.0.0.1:8000 against this machine's chronyd
	cargo run --release

demo: ## the same dashboard on the embedded simulated chronyd; every page says so
	cargo run --release -- --demo

test: ## every test of the workspace, those against a real chronyd included
	.ci/need chronyd chrony
	.ci/need ip apt-get=iproute2 dnf=iproute zypper=iproute2 pacman=iproute2 apk=iproute2
	.ci/need openssl openssl
	.ci/need curl curl
	.ci/need pkg-config apt-get=pkg-config dnf=pkgconf-pkg-config zypper=pkg-config pacman=pkgconf apk=pkgconf
# Without Prometheus and promtool, which come together, their tests are skipped, saying so, and so it is with a browser.
# Nothing is scraped but in tests: the service that a package may have is not started.
	-SYSTEMD_OFFLINE=1 .ci/need prometheus prometheus dnf=golang-github-prometheus zypper=golang-github-prometheus-prometheus
	-.ci/need chromium chromium
	-.ci/need chromedriver apt-get=chromium-driver dnf=chromedriver zypper=chromedriver pacman=chromium apk=chromium-chromedriver
# Without proxies likewise.
	.ci/proxies
# Most tests wait, for daemons or deadlines, so more than one a processor.
	RUST_TEST_THREADS=8 cargo test --workspace --features "$(FEATURES)"
# What the fuzz targets found once, and their seeds.
	CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target} cargo test --manifest-path fuzz/Cargo.toml

lint: ## format, clippy, C warnings, scripts and workflows, generated files, the API's description, documentation
	.ci/need clang clang
	.ci/need lib:clang apt-get=libclang-dev dnf=clang-devel zypper=clang-devel pacman=clang apk=clang-dev
	cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --features "$(FEATURES)" -- -D warnings
	cargo fmt --manifest-path fuzz/Cargo.toml -- --check
	CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target} cargo clippy --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings
	$(MAKE) -C libchrony-sys/libchrony check-warnings
	.ci/scripts
	tests/http/openapi-validate
	cargo test -p libchrony-sys --features bindgen --test bindings
	.ci/need mandoc mandoc
	cargo test -p second-hand --features "$(FEATURES)" --test generated
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features "$(FEATURES)"

bindings: ## make libchrony-sys/src/bindings.rs anew
	.ci/need lib:clang apt-get=libclang-dev dnf=clang-devel zypper=clang-devel pacman=clang apk=clang-dev
	UPDATE_BINDINGS=1 cargo test -p libchrony-sys --features bindgen --test bindings

generated: ## make packaging/man, packaging/completions and the samples of docs/command-line.md anew
	UPDATE_GENERATED=1 cargo test -p second-hand --features "$(FEATURES)" --test generated up_to_date

bench: ## the benchmarks, with the peers that can be installed, in the same run, and what differs from the baseline
	benches/run

plots: ## docs/growth-*.svg and the tables of docs/performance.md, of the last run of make bench
	python3 -m venv target/plots && target/plots/bin/pip install -q --disable-pip-version-check matplotlib
	target/plots/bin/python benches/plot target/bench.md docs
	benches/publish target/bench.md docs/performance.md

screenshots: ## the pictures of docs/, anew
	SCREENSHOTS=docs cargo test -p second-hand --features "$(FEATURES)" --test browser

msrv: ## the oldest Rust that Cargo.toml promises; skipped where that toolchain cannot be had
	@version=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1); \
	if rustup toolchain install $$version --profile minimal >/dev/null 2>&1; then \
	  cargo +$$version check --workspace --features "$(FEATURES)"; \
	else echo "msrv: skipped, Rust $$version cannot be installed here"; fi

deny: ## licences, sources, duplicates and advisories of the dependencies
	.ci/deny

audit: ## the lock files against RustSec's advisories
	.ci/audit

asan: ## the tests of the C library and the wrapper with AddressSanitizer, LeakSanitizer and UBSan
	.ci/asan

valgrind: ## the tests of the C library and the wrapper under valgrind
	.ci/valgrind

miri: ## the pure parts under Miri
	.ci/miri

conformance: ## upstream's library beside ours, and pychrony on ours
	tests/conformance/run

publish-check: ## the three crates as they would be published: packed, then built and tested alone
	.ci/publish

dist: ## the archives of a release, with checksums and SBOM, in target/dist; make dist TARGETS=... for others than this machine's
	.ci/release/dist $(TARGETS)

docker-test: ## the integration tests in containers, on the chronyd of three distributions
	docker/test

package-test: ## the packages, installed, upgraded, removed and purged in containers
	docker/package-test

deb: ## the Debian package, in target/debian
	packaging/build deb

rpm: ## the RPM package, in target/generate-rpm
	packaging/build rpm

fuzz: ## each fuzz target for half a minute; make fuzz SECONDS=600 for longer
	fuzz/run $(SECONDS)

soak: ## a quarter of an hour of reading while chronyd has a hard life
	.ci/need chronyd chrony
	SOAK_SECONDS=900 cargo test --release --test soak

asan-soak: ## a minute of the same with AddressSanitizer and LeakSanitizer, dashboards included
	.ci/asan soak

checks: lint test msrv deny audit asan valgrind miri conformance publish-check ## all checks but those in containers

ci: checks docker-test package-test ## what CI runs; .ci/run has the first beside the others
