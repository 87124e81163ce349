# Two commands on a fresh machine with Node (20 or later) and make: `make demo` and `make test`.
# Every target goes through npm scripts: they run on the Node 24 that package.json pins.
.PHONY: audit sbom soak demo demo-ui screenshots test fuzz e2e experiment bench bench-learning bench-accounting chart build generate certs-dev format clean help
.DEFAULT_GOAL := help

NPM ?= npm
INSTALL_FLAGS ?= --no-audit --no-fund --loglevel=error

## demo: run the whole loop on an embedded cluster and compare four schedulers (about a minute)
demo: node_modules/.installed
	@$(NPM) run --silent demo -- $(ARGS)

## demo-ui: the same, and then the dashboard of a living cluster on loopback, until Ctrl-C
demo-ui: node_modules/.installed
	@$(NPM) run --silent demo -- --ui $(ARGS)

## screenshots: pictures of the dashboard for the documentation (needs Chromium)
screenshots: node_modules/.installed
	@$(NPM) run --silent screenshots

## test: types, lint, format, unit and integration tests; needs nothing but Node
test: node_modules/.installed tools/lint/node_modules/.installed
	@$(NPM) run --silent types
	@$(NPM) run --silent lint
	@$(NPM) run --silent format:check
	@$(NPM) run --silent unit
	@$(NPM) run --silent integration

## fuzz: search for inputs that break a reader, for FUZZ_SECONDS (120) in all
fuzz: node_modules/.installed
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-120} $(NPM) run --silent fuzz

## e2e: the same loop on a real control plane with a real Prometheus (needs Go and Prometheus)
e2e: node_modules/.installed
	@$(NPM) run --silent e2e

## experiment: repeat the experiment of the talk on the simulator: HTML, JSON, page (half an hour; ARGS=--quick)
experiment: node_modules/.installed
	@$(NPM) run --silent experiment -- $(ARGS)

## bench: what an admission costs beside three other webhooks, and how cost grows (ARGS=--quick)
bench: node_modules/.installed
	@$(NPM) run --silent bench -- $(ARGS)

## bench-learning: what learning is worth, against other schedulers and the best placement (25 minutes on two cores)
bench-learning: node_modules/.installed
	@$(NPM) run --silent bench-learning

## bench-accounting: what each way to account energy teaches the agent, where nodes differ in load (two minutes)
bench-accounting: node_modules/.installed
	@$(NPM) run --silent bench-accounting

## chart: render the Helm chart and the overlays and compare them (needs kubectl, and Helm or Go)
chart: node_modules/.installed
	@$(NPM) run --silent chart

## soak: a million admissions; are memory, handles and the event loop flat? (ARGS=--quick: 30,000)
soak: node_modules/.installed
	@$(NPM) run --silent soak -- $(ARGS)

## audit: known vulnerabilities of the dependencies (needs the network)
audit:
	@$(NPM) audit --omit=dev

## sbom: the bill of materials of what runs in production, in out/sbom.cdx.json
sbom: node_modules/.installed
	@$(NPM) run --silent sbom

## build: one bundled file in dist/, as the image carries it
build: node_modules/.installed
	@$(NPM) run --silent build

## generate: write what is generated from sources (CRDs, chart, alerts, dashboard, reference pages)
generate: node_modules/.installed
	@$(NPM) run --silent generate

## certs-dev: development certificates in out/certs
certs-dev: node_modules/.installed
	@$(NPM) run --silent certs

## format: write the one format
format: node_modules/.installed
	@$(NPM) run --silent format

## clean: remove everything that the other targets made
clean:
	@rm -rf node_modules tools/lint/node_modules dist out

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

node_modules/.installed: package.json package-lock.json
	@echo 'Installing dependencies (once)...'
	@$(NPM) ci $(INSTALL_FLAGS)
	@touch $@

tools/lint/node_modules/.installed: tools/lint/package.json tools/lint/package-lock.json
	@cd tools/lint && $(NPM) ci $(INSTALL_FLAGS)
	@touch $@
