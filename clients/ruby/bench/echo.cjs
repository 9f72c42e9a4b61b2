// Round trips of a WebSocket echo: node echo.cjs PORT CONNECTIONS SECONDS
//
// Raw frames over plain sockets: a client library would measure itself. One message is under way per connection.
const net = require('node:net');

const [port, connections, seconds] = process.argv.slice(2).map(Number);
const HANDSHAKE = [
  'GET /listen HTTP/1.1', 'Host: a.test', 'Connection: Upgrade', 'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', '',
].join('\r\n');
const TEXT = 'hello world, hello';
const FRAME = Buffer.concat([Buffer.from([0x81, 0x80 | TEXT.length, 0, 0, 0, 0]), Buffer.from(TEXT)]);
const ANSWER = 2 + TEXT.length;

let trips = 0;
let open = 0;
let started;

function connect() {
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let head = '';
  let waiting = ANSWER;
  const echo = (data) => {
    waiting -= data.length;
    if (waiting > 0) return;
    waiting = ANSWER;
    trips += 1;
    socket.write(FRAME);
  };
  socket.on('data', function handshake(data) {
    head += data.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
    socket.off('data', handshake);
    socket.on('data', echo);
    if (++open === connections) {
      started = process.hrtime.bigint();
      setTimeout(finish, seconds * 1000);
      trips = 0;
    }
    socket.write(FRAME);
  });
  socket.write(HANDSHAKE);
}

function finish() {
  const elapsed = Number(process.hrtime.bigint() - started) / 1e9;
  console.log(JSON.stringify({ connections, perSecond: trips / elapsed }));
  process.exit(0);
}

for (let index = 0; index < connections; index++) connect();
