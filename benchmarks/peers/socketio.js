// Socket.IO with its Redis adapter, as its documentation has it: a socket joins a room, what it says goes to the room.
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");

const [port, url] = process.argv.slice(2);

async function main() {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const server = new Server(Number(port), {
    adapter: createAdapter(publisher, subscriber),
    transports: ["websocket"],
    perMessageDeflate: false,
  });
  server.on("connection", (socket) => {
    socket.on("join", (room) => {
      socket.join(room);
      socket.data.room = room;
      socket.emit("joined", room);
    });
    socket.on("say", (said) => server.to(socket.data.room).emit("said", { message: said.message }));
  });
}

main();
