# Two commands on a fresh machine with Node (20 or later) and make: `make demo` and `make test`.
# Every target goes through npm scripts: they run on the Node 24 that package.json pins.
.PHONY: demo test fuzz e2e experiment bench bench-learning chart build generate certs-dev format clean help
.DEFAULT_GOAL := help

NPM ?= npm
INSTALL_FLAGS ?= --no-audit --no-fund --loglevel=error

## demo: run the whole loop on an embedded cluster and compare four schedulers (under a minute)
demo: node_modules/.installed
	@$(NPM) run --silent demo -- $(ARGS)

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

## experiment: repeat the experiment of the talk on the simulator and write its page (minutes)
experiment: node_modules/.installed
	@$(NPM) run --silent experiment

## bench: what an admission costs beside three other webhooks, and how cost grows (ARGS=--quick)
bench: node_modules/.installed
	@$(NPM) run --silent bench -- $(ARGS)

## bench-learning: what learning is worth, against other schedulers and the best placement (minutes)
bench-learning: node_modules/.installed
	@$(NPM) run --silent bench-learning

## chart: render the Helm chart and the overlays and compare them (needs kubectl, and Helm or Go)
chart: node_modules/.installed
	@$(NPM) run --silent chart

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
