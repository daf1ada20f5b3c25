# Tinygrid as an image: the program, what it needs to run, the built page, and nothing else.
#
#     docker build -t tinygrid .
#     docker run -p 127.0.0.1:3000:3000 -v tinygrid:/data --read-only --tmpfs /tmp tinygrid
#
# It runs as user 1000 and writes to /data alone. Settings are environment variables; one that is secret
# can be a file (TINYGRID_API_KEY_FILE). Behind a registry or a proxy of your own give npm's settings as
# a secret, which stays out of the image: --secret id=npmrc,src=$HOME/.npmrc
#
# The same sources with the same SOURCE_DATE_EPOCH give the same files with the same times.
ARG NODE_IMAGE=node:26.10.0-trixie-slim

# What runs: packages of production, without their maps, declarations and documents. lmdb, msgpackr and
# DuckDB bring what was compiled for this platform, so no script of a package runs and nothing is compiled.
FROM ${NODE_IMAGE} AS packages
ARG SOURCE_DATE_EPOCH=0
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund && \
    find node_modules -type f \( -name '*.map' -o -name '*.md' -o -name '*.markdown' \
      -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.musl.node' \) -delete && \
    find node_modules -type d -path '*node_modules/*/test' -prune -exec rm -rf '{}' + && \
    rm -f node_modules/.package-lock.json && \
    find node_modules -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" '{}' +

# The page.
FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY links links
COPY clicks/reports clicks/reports
COPY gateway/pages/page.ts gateway/pages/page.ts
COPY gateway/web gateway/web
COPY docs docs
COPY SECURITY.md ./
RUN node node_modules/vite/bin/vite.js build gateway/web

# The program, with times that do not depend on when it was built.
FROM ${NODE_IMAGE} AS program
ARG SOURCE_DATE_EPOCH=0
WORKDIR /app
COPY . .
RUN rm -rf docs SECURITY.md gateway/web tsconfig.json package-lock.json
COPY --from=page /app/gateway/web/dist gateway/web/dist
RUN find . -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" '{}' +

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tinygrid" \
      org.opencontainers.image.description="A URL shortener that answers redirects from memory" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# What installs and builds packages has no business where the program runs. The directory of the data is
# made here, so that a new volume there belongs to the user that writes to it.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx \
      /usr/local/bin/yarn* /usr/local/bin/corepack && \
    install -d -o 1000 -g 1000 -m 0750 /data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=program /app ./
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 TINYGRID_DATA_DIR=/data
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=3s --timeout=10s --start-period=90s --retries=5 \
  CMD ["node", "-e", "require(process.env.TINYGRID_TLS_CERT ? 'https' : 'http').get({ rejectUnauthorized: false, port: process.env.PORT, path: '/health/ready' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# As `npm start` does.
ENTRYPOINT ["node", "--max-semi-space-size=64", "main.ts"]
