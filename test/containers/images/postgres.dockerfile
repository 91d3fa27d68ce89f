# Stand-in of postgres:<version>: the server of the npm package that the tests embed, with the official image's folders.
FROM walmq-stand-in/debian
RUN useradd --create-home postgres
COPY --chown=postgres native /pg
COPY postgres-entry.sh pg_isready /usr/local/bin/
ENV LD_LIBRARY_PATH=/pg/lib
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entry.sh"]
