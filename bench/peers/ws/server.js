// Rooms over Node `ws` and Redis pub/sub: the path is the room, every text goes to all in it. Stores nothing.
// BATCH=1 sends what arrived within one turn of the event loop as one JSON array, at most 64 texts; else one frame a message.
const http = require("http");
const Redis = require("ioredis");
const { WebSocketServer } = require("ws");

const batching = process.env.BATCH === "1";
const publisher = new Redis(process.env.REDIS_SOCKET);
const subscriber = new Redis(process.env.REDIS_SOCKET);
const rooms = new Map(); // room -> set of sockets
const waiting = new Map(); // room -> texts of this turn

const server = http.createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });

wss.on("connection", (socket, request) => {
  const room = request.url.slice(1);
  if (!rooms.has(room)) {
    rooms.set(room, new Set());
    subscriber.subscribe("chat." + room);
  }
  rooms.get(room).add(socket);
  socket.on("message", (data) => {
    const { message } = JSON.parse(data);
    publisher.publish("chat." + room, JSON.stringify({ message }));
  });
  socket.on("close", () => rooms.get(room).delete(socket));
});

subscriber.on("message", (channel, text) => {
  const room = channel.slice(5);
  if (!batching) {
    for (const socket of rooms.get(room)) socket.send(text);
    return;
  }
  if (waiting.size === 0) setImmediate(flush);
  const texts = waiting.get(room);
  if (texts) texts.push(text);
  else waiting.set(room, [text]);
});

function flush() {
  for (const [room, texts] of waiting) {
    for (let i = 0; i < texts.length; i += 64) {
      const some = texts.slice(i, i + 64);
      const joined = some.length === 1 ? some[0] : "[" + some.join(",") + "]";
      for (const socket of rooms.get(room)) socket.send(joined);
    }
  }
  waiting.clear();
}

const ready = (redis) => new Promise((resolve) => (redis.status === "ready" ? resolve() : redis.once("ready", resolve)));
Promise.all([ready(publisher), ready(subscriber)]).then(() => server.listen(Number(process.env.PORT), "127.0.0.1"));
