# Shortcuts for the stack in compose.yaml. Everything here is one `docker compose` or one `lb` command, nothing more.
#
#   make up                        build where needed, start, wait until a replica answers
#   make add N=2 NAMES="S5 S4"     lb add -n 2 S5 S4         make rm N=1      lb rm -n 1
#   make rep                       lb rep                    make route ID=7  lb route 7
#   HARDENED=1 make up             with compose.hardened.yaml laid over it
#   LB=target/release/lb make rep  asks with this binary, no Docker needed

.DEFAULT_GOAL := help
.PHONY: help build rebuild up down logs ps add rm rep route ready

N ?=
NAMES ?=
ID ?=
LB ?=
HARDENED ?=

# Compose v2 where the docker command has it, else v1.
TOOL := $(shell docker compose version >/dev/null 2>&1 && echo docker compose || command -v docker-compose 2>/dev/null)
NETWORK = $(or $(LB_NETWORK),net1)
COMPOSE = $(TOOL) -f compose.yaml $(if $(HARDENED),-f compose.hardened.yaml)
# Without -T it would want a terminal.
CLIENT = $(if $(LB),$(LB),$(COMPOSE) exec -T lb /lb)
# Whoever may use the socket: not root where it has a group of its own. Compose reads both.
export DOCKER_GID ?= $(shell stat -c %g /var/run/docker.sock 2>/dev/null)
MISSING = Docker is missing: install docker.io and docker-compose, or ask a running balancer with LB=path/to/lb make rep

help:
	@sed -n 's/^## //p' Makefile

## build    the image lb:latest
build: .docker
	$(COMPOSE) build

## rebuild  the same from nothing
rebuild: .docker
	$(COMPOSE) build --no-cache

## up       start the stack and wait until it answers
up: .docker
	$(COMPOSE) up -d
	@for try in $$(seq 60); do $(CLIENT) ready 2>/dev/null && exit 0; sleep 1; done; $(CLIENT) ready

## down     stop the stack; lb removes its replicas, and what a killed one has left goes too
down: .docker
	$(COMPOSE) stop
	@left=$$(docker ps -aq --filter label=lb.managed --filter network=$(NETWORK)); [ -z "$$left" ] || docker rm -f $$left
	$(COMPOSE) down

## logs     what the balancer says
logs: .docker
	$(COMPOSE) logs -f --tail 100 lb

## ps       the balancer and its replicas
ps: .docker
	@$(COMPOSE) ps
	@docker ps --filter label=lb.managed --filter network=$(NETWORK) --format 'table {{.Names}}\t{{.Status}}\t{{.Networks}}'

## add      add replicas: make add N=2 NAMES="S5 S4"
add: .client
	@$(CLIENT) add $(if $(N),-n $(N)) $(NAMES)

## rm       remove replicas: make rm N=1, make rm NAMES=S5
rm: .client
	@$(CLIENT) rm $(if $(N),-n $(N)) $(NAMES)

## rep      list them
rep: .client
	@$(CLIENT) rep

## route    which replica answers an id: make route ID=7
route: .client
	@$(if $(ID),$(CLIENT) route $(ID),echo "say which id: make route ID=7" >&2; exit 2)

## ready    whether a replica answers
ready: .client
	@$(CLIENT) ready

.PHONY: .docker .client
.docker:
	@[ -n "$(TOOL)" ] && command -v docker >/dev/null || { echo "$(MISSING)" >&2; exit 1; }
.client:
	@[ -n "$(LB)" ] || $(MAKE) -s .docker
