# The images of the Compose project where no registry can be reached: Debian with the servers of the tests.
#
# A stage for each, called by the same commands as the image whose tag it gets. The context is what
# `stand-ins.ts` gathers: a root file system of Debian's packages, Node and npm, the servers built from
# Go, and Debian's Prometheus. FerretDB stands in for MongoDB.
FROM scratch AS debian
ADD root.tar /

FROM debian AS node
RUN useradd --uid 1000 --create-home node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && \
    ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
COPY node /usr/local/bin/node

FROM debian AS nats
COPY nats-server /usr/local/bin/nats-server

FROM debian AS redis

FROM debian AS haproxy
RUN install -d /usr/local/etc/haproxy
USER haproxy
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]

FROM debian AS mongo
RUN install -d /data/db /data/configdb
COPY ferretdb /usr/local/bin/ferretdb
COPY --chmod=755 mongod mongosh /usr/local/bin/

FROM debian AS prometheus
RUN install -d -o nobody /prometheus
COPY prometheus /usr/local/bin/prometheus
USER nobody
ENTRYPOINT ["prometheus"]
