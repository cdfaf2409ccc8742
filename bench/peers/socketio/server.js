// Rooms over socket.io 4 and its Redis adapter. Stores nothing.
const http = require("http");
const Redis = require("ioredis");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");

const publisher = new Redis(process.env.REDIS_SOCKET);
const subscriber = publisher.duplicate();
const server = http.createServer();
// Its pings are off for the length of a bench, like everyone's.
const io = new Server(server, { adapter: createAdapter(publisher, subscriber), transports: ["websocket"], pingInterval: 3600000, perMessageDeflate: false });

io.on("connection", (socket) => {
  let room;
  socket.on("join", (name) => {
    room = name;
    socket.join(name);
    socket.emit("joined");
  });
  socket.on("post", (message) => io.to(room).emit("post", message));
});

const ready = (redis) => new Promise((resolve) => (redis.status === "ready" ? resolve() : redis.once("ready", resolve)));
Promise.all([ready(publisher), ready(subscriber)]).then(() => server.listen(Number(process.env.PORT), "127.0.0.1"));
