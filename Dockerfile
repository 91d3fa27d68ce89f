# One image for every app: compose gives each its command.
FROM node:22-bookworm-slim AS build
WORKDIR /walmq
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /walmq
COPY --from=build --chown=node:node /walmq ./
# Where the dashboard keeps what is discarded: a volume made of it is the user's.
RUN mkdir /discarded && chown node:node /discarded
USER node
CMD ["node", "apps/capture/bin/capture.js"]
