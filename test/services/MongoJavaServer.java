// A second opinion on what MongoDB means: mongo-java-server, which keeps all in memory.
//
// FerretDB stands in for MongoDB where a cluster runs; this one pretends to be MongoDB itself, a
// primary of a replica set with a single member, so that what the program does with MongoDB runs on
// it. What is added here is what the driver and the program look at: hello, sessions, and the
// operation time of each reply.
//
// `{deposeForTests: true}` makes it a primary that was cut off and does not know it: it says what it
// has, takes writes that no majority acknowledges, and cannot answer what only a true primary can.
// `{commandsForTests: 1}` gives the commands since it was asked last, and what they asked for.
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.BsonTimestamp;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import io.netty.channel.Channel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

public final class MongoJavaServer extends MemoryBackend {
    private static final String SET = "pretended";
    private static final int WIRE_VERSION_OF_6_0 = 17;
    private static final int MAX_TIME_MS_EXPIRED = 50;
    private static final int WRITE_CONCERN_FAILED = 64;
    private static final int COMMANDS_MAX = 1000;

    private final String address;
    private final AtomicInteger operations = new AtomicInteger();
    private final ConcurrentLinkedQueue<Document> commands = new ConcurrentLinkedQueue<>();
    private volatile boolean isDeposed;

    private MongoJavaServer(String address) {
        this.address = address;
        version(new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return List.of(6, 0, 0);
            }

            @Override
            public int getWireVersion() {
                return WIRE_VERSION_OF_6_0;
            }
        });
    }

    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        MongoServer server = new MongoServer(new MongoJavaServer("127.0.0.1:" + port));
        server.bind("127.0.0.1", port);
        System.out.println("mongo-java-server listens on " + server.getLocalAddress());
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
        switch (command.toLowerCase()) {
            case "hello", "ismaster":
                return hello(super.handleCommand(channel, database, "ismaster", query));
            case "deposefortests":
                isDeposed = Boolean.TRUE.equals(query.get(command));
                return new Document("ok", 1.0);
            case "commandsfortests":
                List<Document> noted = new ArrayList<>();
                for (Document each; (each = commands.poll()) != null; ) noted.add(each);
                return new Document("commands", noted).append("ok", 1.0);
            default:
                note(command, query);
                return timed(answer(channel, database, command, query));
        }
    }

    private void note(String command, Document query) {
        if (commands.size() >= COMMANDS_MAX) commands.poll();
        Object updates = query.get("updates");
        commands.add(new Document("command", command)
            .append("readConcern", query.get("readConcern"))
            .append("writeConcern", query.get("writeConcern"))
            .append("ordered", query.get("ordered"))
            .append("filter", query.get("filter"))
            .append("updates", updates instanceof Collection<?> all ? all.size() : 0));
    }

    private Document answer(Channel channel, String database, String command, Document query) {
        if (!isDeposed) return super.handleCommand(channel, database, command, query);
        if (query.get("readConcern") instanceof Document concern) {
            boolean needsTerm = "linearizable".equals(concern.get("level"));
            if (needsTerm || concern.containsKey("afterClusterTime")) {
                throw new MongoServerError(
                    MAX_TIME_MS_EXPIRED, "MaxTimeMSExpired", "operation exceeded time limit");
            }
        }
        Document reply = super.handleCommand(channel, database, command, query);
        if (query.get("writeConcern") instanceof Document concern
            && "majority".equals(concern.get("w"))) {
            reply.put("writeConcernError", new Document("code", WRITE_CONCERN_FAILED)
                .append("codeName", "WriteConcernFailed")
                .append("errmsg", "waiting for replication timed out"));
        }
        return reply;
    }

    private Document hello(Document reply) {
        reply.put("isWritablePrimary", true);
        reply.put("setName", SET);
        reply.put("setVersion", 1);
        reply.put("me", address);
        reply.put("hosts", List.of(address));
        reply.put("primary", address);
        reply.put("logicalSessionTimeoutMinutes", 30);
        return reply;
    }

    private Document timed(Document reply) {
        reply.put("operationTime", new BsonTimestamp(Instant.now(), operations.incrementAndGet()));
        return reply;
    }
}
