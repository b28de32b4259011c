# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded PostgreSQL is for machines without a server; the image always has one beside it.
RUN npm ci --omit=optional
COPY tsconfig.json tsconfig.build.json ./
COPY config config
COPY migrations migrations
COPY src src
COPY workers workers
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir -p /var/lib/assent/keys /var/lib/assent/exports && chown -R node:node /var/lib/assent
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/dist dist
COPY tools tools
COPY package.json ./
USER node
ENV DATA_DIR=/var/lib/assent KEYRING_DIR=/var/lib/assent/keys HTTP_HOST=0.0.0.0
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.HTTP_PORT||3000)+'/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
