# syntax=docker/dockerfile:1

# Both bases may be pinned by digest: --build-arg BUILD_IMAGE=node@sha256:...
ARG BUILD_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# The bundle is plain JavaScript, so one build serves every platform.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# esbuild comes as a binary package of its platform; no install script is needed.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY tools/build.ts tools/build.ts
COPY src src
RUN node tools/build.ts

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="perihelion" \
      org.opencontainers.image.description="Learns where each Kubernetes Pod should prefer to run" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /src/dist/ ./
COPY LICENSE ./
USER 65532:65532
EXPOSE 10250 8080
# Exec form: the process itself gets SIGTERM and drains.
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps", "/app/perihelion.mjs"]
CMD ["serve"]
