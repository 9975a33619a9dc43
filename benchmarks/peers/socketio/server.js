// Peer: socket.io with its Redis adapter. POST publishes the body to all screens, stores nothing.
const { createServer } = require("node:http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

async function main() {
  const publisher = createClient({ socket: { path: process.env.REDIS_SOCKET } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);

  const web = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      io.to("screens").emit("message", JSON.parse(body));
      response.writeHead(201, { "Content-Type": "application/json", "Content-Length": 2 });
      response.end("{}");
    });
  });
  const io = new Server(web, { adapter: createAdapter(publisher, subscriber) });
  io.on("connection", (socket) => socket.join("screens"));
  web.listen(Number(process.env.PORT), "127.0.0.1");
}

main();
