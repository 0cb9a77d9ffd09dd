# The image is one static binary: nothing to patch, nothing to run but lb.
#
#   docker build -t lb .
#   docker build -t lb --build-arg BUILDER=my-rust .      no registry: any image with sh, cargo 1.95, cc and glibc's static libs
#   docker build -t lb --build-arg PROFILE=dev .          builds in a tenth of the time, runs slower
#
# packaging/builder-image makes such a builder out of a Debian machine that can build lb; packaging/Dockerfile.prebuilt
# makes the same image out of a binary that is there already. Only what the classic builder knows is used.
ARG BUILDER=rust:1.95.0-bookworm
FROM ${BUILDER} AS build
ARG PROFILE=release
# The builder's own architecture unless it is said.
ARG TARGET=
WORKDIR /src
COPY . .
# --target, so that the flag is for the program and not for what runs during the build.
RUN target=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')} \
 && RUSTFLAGS=-Ctarget-feature=+crt-static \
    cargo build --locked -p lb-server --bin lb --target "$target" --profile "$PROFILE" \
 && mkdir -p /out/state/lb \
 && chmod 775 /out/state/lb \
 && cp "target/$target/$(echo "$PROFILE" | sed 's/^dev$/debug/')/lb" /out/lb

FROM scratch
LABEL org.opencontainers.image.title="lb" \
      org.opencontainers.image.description="A layer-4 consistent-hash load balancer that keeps its replicas alive" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/lb /lb
# A directory that is copied as content keeps its mode; scratch has no mkdir. No VOLUME: the replicas run this image too,
# and each would get a volume of its own. Mount one here where state is to outlive the container.
COPY --from=build --chown=65532:65532 /out/state/ /var/lib/
ENV LB_STATE_DIR=/var/lib/lb
# Nobody's number. With the Docker socket (--runtime docker) lb has to be in the group that the socket belongs to:
#   docker run --group-add "$(stat -c %g /var/run/docker.sock)" -v /var/run/docker.sock:/var/run/docker.sock …
USER 65532:65532
EXPOSE 5000 5001
# Asks LB_ADMIN, or 127.0.0.1:5001 in the container.
HEALTHCHECK --interval=5s --timeout=5s --start-period=15s --retries=3 CMD ["/lb", "ready", "--timeout", "4s"]
ENTRYPOINT ["/lb"]
