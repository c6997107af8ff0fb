.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
CHAPTERS := $(sort $(wildcard notebooks/*.ipynb teaching/*.ipynb))
EDITION ?= instructor
export LLMECON_EDITION := $(EDITION)
$(if $(filter instructor student,$(EDITION)),,$(error EDITION must be instructor or student, got $(EDITION)))
SITE := _build/html/index.html
SEED := $(shell date +%s)
SHUFFLED = -m pytest -q -n 2 --randomly-seed=$(SEED)

.PHONY: help book site serve test fuzz teach worksheets check data notebooks rerun screenshots pdf epub picture bench lab length size lock wheel clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

book: .venv/ready  ## check the tables, run what changed, build the site; EDITION=student: no solutions
	@$(BIN)/python -c "from llmecon_book.facts import catalog; [catalog.table(t) for t in catalog.TABLES]"
	@$(BIN)/llmecon claims > /dev/null || { echo "a verdict differs from the ledger: $(BIN)/llmecon claims"; exit 1; }
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo; echo "The book is ready: open $(CURDIR)/$(SITE) in a browser,"; \
	echo "or serve it:       $(PYTHON) -m http.server -d _build/html"

site:  ## the book anew, ready for any static host, in _build/html; every file is in its SHA256SUMS
	rm -rf _build/html
	@$(MAKE) --no-print-directory book

serve: .venv/ready  ## show the book at http://localhost:8000; it is built again, and shown again, when a file is saved
	$(BIN)/python tools/serve.py

test: .venv/ready  ## everything: style, types, library, chapters, site
	@tools/find_chromium.sh
	$(MAKE) --no-print-directory check
	@echo "tests run shuffled; this order again: make test SEED=$(SEED)"
	$(BIN)/python $(SHUFFLED) --dist loadfile tests/library lib
	$(BIN)/python -m pytest -q -n 2 -p no:randomly --dist loadscope --nbval --nbval-current-env --nbval-cell-timeout=120 notebooks
	$(BIN)/python $(SHUFFLED) --dist worksteal tests/chapters
	$(BIN)/python $(SHUFFLED) --dist worksteal tests/site

fuzz: .venv/ready  ## anything typed, anything in a file: new examples, minutes of them
	LLMECON_FUZZ=3000 $(BIN)/python -m pytest -q -p no:randomly tests/library/test_fuzz.py

teach: .venv/ready  ## what a class uses: exercises, both editions, worksheets filled, blank and faulty
	$(BIN)/python -m pytest -q -n 2 -p no:randomly --dist loadfile tests/teaching

worksheets: .venv/ready  ## each worksheet as a folder for students and one that grades, into _build/worksheets
	rm -rf _build/worksheets
	cd teaching/worksheets && for sheet in *.ipynb; do \
	$(CURDIR)/$(BIN)/otter assign $$sheet $(CURDIR)/_build/worksheets/$${sheet%.ipynb} || exit 1; done

check: .venv/ready  ## format, lint, types
	$(BIN)/ruff format --check -q lib tests tools benchmarks notebooks teaching
	$(BIN)/ruff check -q lib tests tools benchmarks notebooks teaching
	$(BIN)/mypy

data: .venv/ready  ## describe the tables again after their schema changed
	$(BIN)/python -c "import llmecon_book.facts; from llmecon.catalog.package import write; write()"
	$(BIN)/python tools/data_readme.py

notebooks: .venv/ready  ## run every chapter and store its outputs in canonical form
	$(BIN)/python -m llmecon_book.run.execution $(CHAPTERS)

rerun: .venv/ready  ## run the chapters with other numbers: make rerun SCENARIO=scenarios/cheap-h200.yml
	$(BIN)/llmecon rerun $(SCENARIO)

screenshots: .venv/ready book  ## pictures of the site, wide and narrow, light and dark, into _build/screenshots
	$(BIN)/python tools/screenshots.py _build/screenshots

pdf: .venv/ready book  ## the book as one PDF, _build/llmecon.pdf (needs Chromium)
	@tools/find_chromium.sh
	$(BIN)/python tools/pdf.py _build/llmecon.pdf

epub: .venv/ready  ## the book for an e-reader, into _build/epub
	$(BIN)/jupyter-book build . -W -n --keep-going --builder custom --custom-builder epub

picture: .venv/ready book  ## renew the picture of the README
	$(BIN)/python tools/readme_picture.py

bench: .venv/ready  ## time the library beside its peers
	$(BIN)/python -m benchmarks

lab: .venv/ready  ## open "Start here" beside readable copies of the chapters in JupyterLab; what you change stays
	$(BIN)/llmecon export $(CHAPTERS) --into _build/lab
	@cp teaching/start-here/*.py teaching/worksheets/checks.py _build/lab
	@test -e _build/lab/start-here.ipynb || cp teaching/start-here/start-here.ipynb _build/lab
	$(BIN)/jupyter lab _build/lab/start-here.ipynb

length: .venv/ready  ## words, figures and minutes of each chapter
	@$(BIN)/python tools/length.py

size: .venv/ready  ## count lines of code and public names, room by room
	@$(BIN)/python tools/size.py

lock: .venv/ready  ## renew requirements.lock and environment.yml
	$(BIN)/python tools/lock.py

wheel: .venv/ready  ## build the library, tables included, into dist
	$(BIN)/python -m build -q --wheel --no-isolation

clean:  ## remove what was built; the environment stays
	rm -rf _build _extra dist

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit("llmecon needs Python 3.11 to 3.13, found %d.%d: make PYTHON=python3.11 ..." % v)'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python cannot make environments: install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
