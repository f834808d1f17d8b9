# pmiptrace as an image: `docker run --rm -v "$PWD:/captures:ro" pmiptrace analyze capture.pcap`.
# More in docs/ci.md.

FROM python:3.13-slim AS build
# For the compiled scan, which is what makes large captures fast. Any version will do.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[zstd,lz4]"

FROM python:3.13-slim
LABEL org.opencontainers.image.title="pmiptrace" \
      org.opencontainers.image.description="Dissector and trace analyzer for Proxy Mobile IPv6 and RFC 8278 multipath bindings" \
      org.opencontainers.image.licenses="Apache-2.0"
# The versions are those of the wheels. The second command fails if the scan was not compiled.
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels "pmiptrace[zstd,lz4]" \
    && python -c "from pmiptrace.capture import _scan"
RUN useradd --system --uid 10001 --no-create-home pmiptrace
USER 10001
WORKDIR /captures
ENTRYPOINT ["pmiptrace"]
CMD ["--help"]
