# cowrace and its corpus: `docker build --tag cowrace .`, then `docker run --rm cowrace check scenarios`.
FROM rust:1.90-slim AS build
WORKDIR /cowrace
COPY . .
RUN cargo install --locked --path crates/cowrace-cli --root /installed

FROM debian:trixie-slim
COPY --from=build /installed/bin/cowrace /usr/local/bin/cowrace
COPY scenarios /cowrace/scenarios
WORKDIR /cowrace
USER nobody
ENTRYPOINT ["cowrace"]
