# One image for every app: compose gives each its command.
FROM node:22-bookworm-slim AS build
WORKDIR /walmq
COPY . .
# Only what the programs need, at the same paths: no tests, no compiler, no embedded servers.
RUN npm ci && node apps/pack/bin/production.js /production

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /walmq
# The files stay root's: the programs cannot change them.
COPY --from=build /production ./
# Where the dashboard keeps what is discarded: a volume made of it is the user's.
RUN mkdir /discarded && chown 1000:1000 /discarded
# A number, so that Kubernetes can check runAsNonRoot: the user "node" of the base image.
USER 1000
CMD ["node", "apps/capture/bin/capture.js"]
