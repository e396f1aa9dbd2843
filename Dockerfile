# The reference product, one target per service, and Edwin's own programs (target `edwin`):
#
#   docker build --target gateway --build-arg COMMIT="$(git rev-parse HEAD)" -t gateway .
#
# What changes rarely comes first: packages change with the lockfile, a service with its own folder and the platform.
# No target holds a compiler's cache, a package it does not need, or PostgreSQL's binaries. Probes of services come from
# Edwin over HTTP (/healthz at $PORT), which costs less than a process started in each container.

FROM node:24-slim AS packages
WORKDIR /edwin
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM packages AS sources
COPY tsconfig.json ./
COPY bin bin
COPY platform platform
COPY observability observability

FROM sources AS build-gateway
COPY services/gateway services/gateway
RUN EDWIN_OUTPUT=/out node bin/build.js image gateway

FROM sources AS build-mailer
COPY services/mailer services/mailer
RUN EDWIN_OUTPUT=/out node bin/build.js image mailer

FROM sources AS build-bot
COPY services/bot services/bot
RUN EDWIN_OUTPUT=/out node bin/build.js image bot

FROM sources AS build-scheduler
COPY services/scheduler services/scheduler
RUN EDWIN_OUTPUT=/out node bin/build.js image scheduler

FROM sources AS build-analytics
COPY services/analytics services/analytics
RUN EDWIN_OUTPUT=/out node bin/build.js image analytics

FROM sources AS build-edwin
COPY autoscaler autoscaler
COPY chatops chatops
RUN node bin/build.js && rm -rf node_modules/typescript \
 && find node_modules -name '*.map' -delete -o -name '*.d.ts' -delete -o -name '*.d.[cm]ts' -delete

FROM node:24-slim AS runtime
ENV NODE_ENV=production
WORKDIR /edwin

FROM runtime AS service
ENV HOST=0.0.0.0 PORT=8080
USER node

FROM service AS gateway
COPY --from=build-gateway /out/node_modules node_modules
COPY --from=build-gateway /out/dist dist
CMD ["node", "-r", "./dist/observability/instrument.js", "dist/services/gateway/main.js"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT

FROM service AS mailer
COPY --from=build-mailer /out/node_modules node_modules
COPY --from=build-mailer /out/dist dist
CMD ["node", "-r", "./dist/observability/instrument.js", "dist/services/mailer/main.js"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT

FROM service AS bot
COPY --from=build-bot /out/node_modules node_modules
COPY --from=build-bot /out/dist dist
CMD ["node", "-r", "./dist/observability/instrument.js", "dist/services/bot/main.js"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT

FROM service AS scheduler
COPY --from=build-scheduler /out/node_modules node_modules
COPY --from=build-scheduler /out/dist dist
CMD ["node", "-r", "./dist/observability/instrument.js", "dist/services/scheduler/main.js"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT

FROM service AS analytics
COPY --from=build-analytics /out/node_modules node_modules
COPY --from=build-analytics /out/dist dist
CMD ["node", "-r", "./dist/observability/instrument.js", "dist/services/analytics/main.js"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT

# `edwin up` and the command line: chatops, observability and the edge, all in one or each alone (`up --only chatops`).
# It needs a PostgreSQL (POSTGRES_URL); git reads the commits
# it builds from the repository mounted into it, ssh reaches hosts named so.
FROM runtime AS edwin
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /edwin/bin/edwin.js /usr/local/bin/edwin \
 && install -d -o node -g node -m 700 /data \
 && install -d -o node -g node /edge /engine /secrets/postgres /secrets/rabbitmq /secrets/elasticsearch /secrets/kibana \
    /secrets/registry /secrets/consul-dev /secrets/consul-stage /secrets/consul-prod /secrets/neo4j-dev \
    /secrets/neo4j-stage /secrets/neo4j-prod
COPY --from=build-edwin /edwin/node_modules node_modules
COPY --from=build-edwin /edwin/package.json ./
COPY --from=build-edwin /edwin/bin bin
COPY --from=build-edwin /edwin/dist dist
ENV EDWIN_DATA=/data EDWIN_LISTEN=0.0.0.0
VOLUME /data
USER node
CMD ["edwin", "up"]
ARG COMMIT=unknown
LABEL org.opencontainers.image.revision=$COMMIT
