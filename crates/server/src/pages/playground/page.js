// The page: what is chosen, what happens, what it looks like.

const MESSAGES_MAX = 200;
const $ = (id) => document.getElementById(id);

const STATES = {
  closed: 'not connected',
  connecting: 'connecting',
  open: 'connected',
  waiting: 'connecting again',
  failed: 'refused',
};

let subscription;
let received = 0;
/** Publications of this page that have not come back yet. */
let pending = [];

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`).value;
}

function channels() {
  return $('channel').value.trim() || 'news';
}

function showState(state, reason) {
  const name = TRANSPORTS[chosen('transport')].name;
  const what = state === 'open' ? `${STATES.open} over ${name}` : STATES[state];
  const text = reason ? `${what}: ${reason}` : what;
  if ($('state').textContent !== text) $('state').textContent = text;
  $('state').dataset.state = state;
  const listening = state !== 'closed' && state !== 'failed';
  $('connect').textContent = listening ? 'Disconnect' : 'Connect';
  $('connect').classList.toggle('primary', !listening);
}

/** The list shows what one subscription got: with another one it begins anew. */
function connect() {
  disconnect();
  clear();
  $('target').textContent = channels();
  const transport = TRANSPORTS[chosen('transport')];
  const backtrack = Number($('backtrack').value);
  $('address').textContent = `GET ${transport.path}${channelPath(channels(), backtrack)}`;
  subscription = new Subscription(transport, channels(), backtrack, { state: showState, message: arrived });
  showLines();
}

function clear() {
  $('messages').replaceChildren();
  received = 0;
  $('count').textContent = '';
  $('empty').hidden = false;
}

function disconnect() {
  subscription?.close();
  subscription = undefined;
  showState('closed');
}

function isListening() {
  return subscription !== undefined && !subscription.closed;
}

/** How long ago this page began to publish the message, if it did. */
function latency(message, now) {
  const index = pending.findIndex(({ channel, text }) => channel === message.channel && text === message.text);
  return index < 0 ? undefined : now - pending.splice(index, 1)[0].began;
}

const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

function fact(name, value, className) {
  const row = document.createElement('div');
  if (className) row.className = className;
  row.append(Object.assign(document.createElement('dt'), { textContent: name }));
  row.append(Object.assign(document.createElement('dd'), { textContent: value }));
  return row;
}

function arrived(message) {
  const now = performance.now();
  const item = document.createElement('li');
  item.className = 'fresh';
  const text = Object.assign(document.createElement('p'), { className: 'text', textContent: message.text });
  item.append(text);
  if (message.id < 0) {
    item.classList.add('note');
    text.textContent = `${message.channel}: ${message.text}`;
  } else {
    item.append(facts(message, latency(message, now)));
    received += 1;
  }
  $('messages').prepend(item);
  while ($('messages').children.length > MESSAGES_MAX) $('messages').lastChild.remove();
  $('empty').hidden = true;
  $('count').textContent = String(received);
}

function facts(message, took) {
  const list = document.createElement('dl');
  list.append(fact('id', String(message.id)));
  list.append(fact('time', new Date(message.time).toLocaleTimeString([], { hour12: false })));
  list.append(fact('tag', message.tag));
  if (took !== undefined) list.append(fact('latency', milliseconds(took), 'fast'));
  if (channels().includes('/')) list.append(fact('channel', message.channel));
  return list;
}

async function publish(text) {
  const began = performance.now();
  const mine = channels().split('/').filter(Boolean).map((channel) => ({ channel, text, began }));
  pending = pending.filter((one) => began - one.began < 30_000).concat(mine);
  let outcome;
  try {
    const answer = await fetch(publishUrl(channels()), { method: 'POST', body: encoded(text) });
    const took = milliseconds(performance.now() - began);
    outcome = answer.ok ? `${published(await answer.json())} - answered in ${took}` : refusal(answer);
    $('outcome').classList.toggle('bad', !answer.ok);
  } catch {
    outcome = 'The server could not be reached.';
    $('outcome').classList.add('bad');
  }
  $('outcome').textContent = outcome;
}

/** What the server says about the channel. */
function published(info) {
  if (info.infos) return `Published to ${info.infos.length} channels`;
  const listeners = info.subscribers === 1 ? '1 subscriber' : `${info.subscribers} subscribers`;
  return `Message ${info.published_messages}, ${listeners}`;
}

function showLines() {
  const language = chosen('language');
  $('subscribe-code').textContent = subscribeLine(language, chosen('transport'), channels(), Number($('backtrack').value));
  $('publish-code').textContent = publishLine(language, channels(), $('text').value);
}

/** Without a secure context there is no clipboard: the text is selected instead. */
async function copy(button) {
  const source = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = $('copied').textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = $('copied').textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
    $('copied').textContent = '';
  }, 1500);
}

function offerTransports() {
  for (const [value, { name }] of Object.entries(TRANSPORTS)) {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'transport', value, checked: value === 'eventsource' });
    input.addEventListener('change', () => connect());
    label.append(input, Object.assign(document.createElement('span'), { textContent: name }));
    $('transports').append(label);
  }
}

offerTransports();
$('connect').addEventListener('click', () => (isListening() ? disconnect() : connect()));
$('subscribe').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!isListening() || subscription.channels !== channels()) connect();
});
$('channel').addEventListener('input', showLines);
$('channel').addEventListener('change', () => subscription && connect());
$('backtrack').addEventListener('change', () => subscription && connect());
$('publish').addEventListener('submit', (event) => {
  event.preventDefault();
  publish($('text').value);
});
$('text').addEventListener('input', showLines);
for (const input of document.querySelectorAll('input[name="language"]')) input.addEventListener('change', showLines);
for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', () => copy(button));
$('clear').addEventListener('click', clear);
addEventListener('pagehide', () => subscription?.close());
addEventListener('pageshow', (event) => event.persisted && connect());
connect();
