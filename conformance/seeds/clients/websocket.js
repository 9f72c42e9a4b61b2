// Prints what a WebSocket brings; sends each further argument once it is open.
const WebSocket = require('ws');
const [url, ...texts] = process.argv.slice(2);
const ws = new WebSocket(url, { perMessageDeflate: false });
ws.on('open', () => { console.log('open'); texts.forEach((text) => ws.send(text)); });
ws.on('message', (data, binary) => console.log(`message ${binary ? 'binary' : 'text'} ${data}`));
ws.on('ping', () => console.log('ping'));
ws.on('pong', (data) => console.log(`pong ${data}`));
ws.on('close', (code, reason) => { console.log(`close ${code} ${reason}`); });
ws.on('error', (error) => { console.log(`error ${error.message}`); });
