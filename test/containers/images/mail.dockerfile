# Stand-in of axllent/mailpit.
ARG NODE
FROM ${NODE}
COPY mail-catcher.mjs /mail-catcher.mjs
CMD ["node", "/mail-catcher.mjs"]
