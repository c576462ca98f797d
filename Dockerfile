# A static binary on nothing else, for any user and a repository that belongs to somebody else:
#   docker run --rm -v "$PWD:/repo:ro" gitops-guard check --base origin/main
FROM docker.io/library/rust:1.95-alpine AS build
# For libgit2, which is built from C; any version does.
# hadolint ignore=DL3018
RUN apk add --no-cache gcc musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock README.md ./
COPY src src
COPY rules rules
# Cargo wants every target that the manifest names to be there, and builds only the one that is asked for.
COPY benches benches
COPY fuzz fuzz
COPY testdata testdata
RUN cargo build --release --locked --bin gitops-guard

FROM scratch
COPY --from=build /src/target/release/gitops-guard /gitops-guard
COPY LICENSE-APACHE LICENSE-MIT /
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["/gitops-guard"]
CMD ["check"]
