# One image for every app: compose gives each its command.
ARG NODE=node:22.21.1-bookworm-slim

# What npm ci reads, and no more: an edit of the sources does not install the packages again.
FROM ${NODE} AS manifests
WORKDIR /all
COPY . .
RUN mkdir /manifests && cp --parents package.json package-lock.json .npmrc apps/*/package.json packages/*/package.json /manifests

FROM ${NODE} AS build
WORKDIR /walmq
COPY --from=manifests /manifests ./
# Without their scripts: those of the embedded servers are not needed here, and the build comes below.
RUN npm ci --ignore-scripts
COPY package.json tsconfig.json turbo.json LICENSE ./
COPY packages ./packages
COPY apps ./apps
# Only what the programs need, at the same paths: no tests, no compiler, no embedded servers.
RUN npm run build && node apps/pack/bin/production.js /production

FROM ${NODE}
ENV NODE_ENV=production
WORKDIR /walmq
# The files stay root's: the programs cannot change them.
COPY --from=build /production ./
# Last, because it is edited most: an edit of the configuration builds nothing again.
COPY walmq.*.ts ./
# Where the dashboard and "walmq discard" keep what is discarded: a volume made of it is the user's.
RUN mkdir /discarded && chown 1000:1000 /discarded
ENV WALMQ_DISCARDED=/discarded
# A number, so that Kubernetes can check runAsNonRoot: the user "node" of the base image.
USER 1000
CMD ["node", "apps/capture/bin/capture.js"]
