.DEFAULT_GOAL := help
.PHONY: help run demo check coverage lock

help:  ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

run:  ## install what is missing and serve
	python3 run.py

demo:  ## serve a seeded demo with a blog page
	python3 run.py demo

check:  ## all checks and tests, as CI runs them
	python3 run.py test

coverage:  ## the same, counting which lines and branches the tests reach
	python3 run.py test --coverage

EXPORT = uv export --quiet --frozen --no-emit-project --no-annotate --no-header --format requirements-txt
lock:  ## resolve anew (needs uv; packages at least a week old) and export for pip
	uv lock --upgrade
	$(EXPORT) --no-default-groups --all-extras --output-file requirements.lock
	$(EXPORT) --group dev --all-extras --output-file requirements-dev.lock
	$(EXPORT) --only-group build --output-file requirements-build.lock
