FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# npm keeps TypeScript, because another package names it as an optional peer. Nothing needs it at run time.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/typescript node_modules/@typescript

FROM node:22-bookworm-slim
ENV NODE_ENV=production WALMQ_HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json walmq.config.ts ./
COPY src ./src
# A number, so that Kubernetes can check runAsNonRoot.
USER 1000
ENTRYPOINT ["node_modules/.bin/walmq"]
CMD ["capture"]
