# Everything runs in .venv, which is made when it is needed.
PYTHON ?= python3
VENV := .venv
IMAGE := fixtures/ml-service/before.oci.tar
# What counts bytes, and the tests that have to reach every branch of it.
COUNTING := layers filesystem prediction gate invariants
COUNTING_TESTS := layers filesystem gate sources/test_tarsplit.py cli/test_history.py \
	test_limits.py test_prediction.py test_invariants.py

.PHONY: demo test coverage matrix lint docs fuzz clean

$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable .
	touch $@

$(VENV)/.development: $(VENV)/.runtime
	$(VENV)/bin/pip install --quiet --editable '.[dev]'
	touch $@

demo: $(VENV)/.runtime  ## set up and analyse the bundled image; needs no engine
	$(VENV)/bin/imgdiag analyze $(IMAGE) --dockerfile $(IMAGE:.oci.tar=.Dockerfile)

test: $(VENV)/.development  ## set up and run all tests; uses an engine, or starts a private one
	$(VENV)/bin/python -m pytest $(ARGS)

coverage: $(VENV)/.development  ## fail unless every branch of what counts bytes is tested
	$(VENV)/bin/python -m pytest -q $(COUNTING_TESTS:%=tests/%) --cov-fail-under=100 \
		$(COUNTING:%=--cov=imgdiag.%)

matrix:  ## run the unit tests under every Python that is installed, each in a venv of its own
	@for version in 3.11 3.12 3.13 3.14 3.15; do \
		if ! command -v python$$version >/dev/null; then echo "no python$$version"; continue; fi; \
		echo "python$$version"; \
		python$$version -m venv $(VENV)/matrix/$$version && \
		$(VENV)/matrix/$$version/bin/pip install --quiet --editable '.[dev]' && \
		$(VENV)/matrix/$$version/bin/python -m pytest -q --ignore=tests/engine $(ARGS) || exit 1; \
	done

lint: $(VENV)/.development
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

fuzz: $(VENV)/.development  ## fuzz each target for SECONDS (60), or only TARGETS, with atheris
	$(VENV)/bin/pip install --quiet --editable '.[fuzz]'
	$(VENV)/bin/python -m fuzz --seconds $(or $(SECONDS),60) $(TARGETS)

docs: $(VENV)/.development  ## write anew what the documents show of the program
	IMGDIAG_UPDATE_DOCS=1 $(VENV)/bin/python -m pytest -q tests/test_docs.py tests/test_api.py tests/test_conformance.py tests/test_agreement_page.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
