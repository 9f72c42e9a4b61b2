// Prints what an EventSource brings; further arguments are event types to listen to.
const { EventSource } = require('eventsource');
const [url, ...types] = process.argv.slice(2);
const source = new EventSource(url);
source.onopen = () => console.log('open');
source.onerror = (event) => console.log(`error ${event.code || ''} ${event.message || ''}`);
const print = (event) => console.log(`event ${event.type} ${event.lastEventId} ${JSON.stringify(event.data)}`);
source.onmessage = print;
types.forEach((type) => source.addEventListener(type, print));
