// The lines to copy: what this page does, done by others.

/** A word for a shell. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A text for JavaScript. */
const literal = (text) => `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const HANDSHAKE = "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: b3V0cG91ciBzYXlzIGhpIQ=='";

const SUBSCRIBE = {
  curl: {
    eventsource: (url) => `curl -sN ${quoted(url)}`,
    websocket: (url) => `curl -sN --http1.1 --output - ${HANDSHAKE} ${quoted(url)}`,
    streaming: (url) => `curl -sN ${quoted(url)}`,
    longpolling: (url) => `curl -si ${quoted(url)}`,
    polling: (url) => `curl -si ${quoted(url)}`,
    jsonp: (url) => `curl -s ${quoted(`${url}?callback=show`)}`,
  },
  javascript: {
    eventsource: (url) => `const source = new EventSource(${literal(url)});\nsource.onmessage = ({ data }) => console.log(data);`,
    websocket: (url) => `const socket = new WebSocket(${literal(url.replace(/^http/, 'ws'))});\nsocket.onmessage = ({ data }) => console.log(data);`,
    streaming: (url) => `const { body } = await fetch(${literal(url)});\nconst reader = body.pipeThrough(new TextDecoderStream()).getReader();\nfor (let { value } = await reader.read(); value; { value } = await reader.read()) console.log(value);`,
    longpolling: (url) => `const answer = await fetch(${literal(url)});\nconsole.log(await answer.text());`,
    polling: (url) => `const answer = await fetch(${literal(url)});\nconsole.log(await answer.text());`,
    jsonp: (url) => `window.show = (messages) => console.log(messages);\nconst script = document.createElement('script');\nscript.src = ${literal(`${url}?callback=show`)};\ndocument.head.append(script);`,
  },
};

function subscribeLine(language, transport, channels, backtrack) {
  const url = `${location.origin}${TRANSPORTS[transport].path}${channelPath(channels, backtrack)}`;
  return SUBSCRIBE[language][transport](url);
}

const publishUrl = (channels) => `${location.origin}/pub?id=${channelPath(channels, 0)}`;

function publishLine(language, channels, text) {
  const url = publishUrl(channels);
  const body = encoded(text);
  if (language === 'javascript') {
    return `await fetch(${literal(url)}, { method: 'POST', body: ${literal(body)} });`;
  }
  // For `-d`, a text that begins with @ names a file.
  return `curl ${body.startsWith('@') ? '--data-raw' : '-d'} ${quoted(body)} ${quoted(url)}`;
}
