# The book's commands. Each makes .venv if it is missing and installs the locked versions once.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
SITE := _build/html$(if $(filter no,$(SOLUTIONS)),-without-solutions)
INSTALLED := .venv/installed

.PHONY: help book test test-long notebooks class-kit wheels quizzes weights studies bench labs stills bench-labs serve lock

help:
	@echo "make book       build the site into $(SITE) (SOLUTIONS=no: without the exercises' solutions)"
	@echo "make serve      build it and serve it on this machine"
	@echo "make test       check everything that the book states"
	@echo "make test-long  check what takes longer: the class kit worked through, thousands of random answers"
	@echo "make class-kit  pack what a class gets: _build/class-kit-student.zip and _build/class-kit-teacher.zip"
	@echo "make wheels     fill _build/wheels for machines without internet (SYSTEMS=windows PYTHONS=3.12 for some)"
	@echo "make quizzes    write all quizzes for Moodle: _build/quizzes"
	@echo "make notebooks  run all chapters anew and store them (CHAPTERS='03_layers' for some)"
	@echo "make weights    train the shipped network anew"
	@echo "make studies    repeat the longer measurements that chapters show"
	@echo "make bench      let the book's network race well-known ones (SEEDS=5 for more; leave the machine alone)"
	@echo "make labs       bundle the labs' scripts anew, after a change in digitlib/labs/src (needs Node)"
	@echo "make stills     photograph the labs for pages without scripts"
	@echo "make bench-labs measure the labs in Chromium (leave the machine alone)"
	@echo "make lock       resolve the versions in requirements.txt anew"

book: $(INSTALLED)
ifeq ($(SOLUTIONS),no)
	$(BIN)/python tools/site_copy.py
else
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet
endif
	@echo "The book is ready: open $(SITE)/index.html"

serve: book
	@echo "Serving on http://127.0.0.1:8000 (Ctrl+C to stop)"
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory $(SITE)

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-long: $(INSTALLED)
	$(BIN)/python -m pytest -m long tests

class-kit: $(INSTALLED)
	$(BIN)/python tools/class_kit.py

# For a class without internet; "SYSTEMS=windows macos" and "PYTHONS=3.12" choose.
SYSTEMS ?= windows macos linux
PYTHONS ?= 3.11 3.12 3.13
wheels: $(INSTALLED)
	$(BIN)/python tools/wheels.py --systems $(SYSTEMS) --pythons $(PYTHONS)

quizzes: $(INSTALLED)
	$(BIN)/python tools/quiz_exports.py

notebooks: $(INSTALLED)
	$(BIN)/python tools/notebooks.py $(CHAPTERS)

weights: $(INSTALLED)
	$(BIN)/python tools/weights.py
	$(BIN)/python tools/embedding.py
	$(BIN)/python tools/lab_files.py

studies: $(INSTALLED)
	$(BIN)/python tools/layer_order.py
	$(BIN)/python tools/seeds.py
	$(BIN)/python tools/momentum.py
	$(BIN)/python tools/ingredients.py
	$(BIN)/python tools/search.py

SEEDS ?= 3
bench: $(INSTALLED)
	$(BIN)/python tools/bench.py --seeds $(SEEDS)

labs:
	npm ci --prefix tools/labs --no-audit --no-fund --silent
	node tools/labs/build.mjs

stills: $(INSTALLED)
	PYTHONPATH=tests:tests/browser $(BIN)/python tools/stills.py

bench-labs: $(INSTALLED)
	PYTHONPATH=tests:tests/browser $(BIN)/python tools/bench_labs.py

# Every version that pyproject.toml's few lead to, for all supported systems; the last line is the book's own module.
lock:
	uv pip compile --universal --python-version 3.11 --no-annotate --no-header --upgrade \
		pyproject.toml --group book --group test --output-file requirements.txt
	uv pip compile --universal --python-version 3.11 --no-annotate --no-header --constraint requirements.txt \
		pyproject.toml --group class --output-file requirements-class.txt
	echo "-e ." | tee -a requirements.txt >> requirements-class.txt

$(INSTALLED): requirements.txt pyproject.toml tools/supported_python.py
	@$(PYTHON) tools/supported_python.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -c "open('$(INSTALLED)', 'w').close()"
