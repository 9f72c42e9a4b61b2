// Every way to receive. `connect(place, tell)` begins, and returns what ends it. `place` has the
// addresses of the subscription; `tell` takes what happens: opened(), got(messages), ended(reason).

const PING = -1;

/** A refusal as the server explains it. */
function refusal(answer) {
  const reason = answer.headers.get('x-nginx-pushstream-explain');
  return `${answer.status} ${reason || answer.statusText}`.trim();
}

/** An answer of the server, or undefined when `tell` has heard why there is none. */
async function ask(url, end, tell) {
  try {
    const answer = await fetch(url, { signal: end.signal, cache: 'no-store' });
    if (answer.ok || answer.status === 304) return answer;
    tell.ended(refusal(answer), answer.status >= 400 && answer.status < 500);
  } catch {
    if (!end.signal.aborted) tell.ended('the connection was lost');
  }
  return undefined;
}

function websocket(place, tell) {
  const socket = new WebSocket(place.url('/ws/').replace(/^http/, 'ws'));
  socket.onopen = () => tell.opened();
  socket.onmessage = ({ data }) => tell.got([readMessage(data)]);
  socket.onclose = ({ reason }) => {
    const refused = parsed(reason);
    if (refused?.explain) tell.ended(`${refused.http_status} ${refused.explain}`, true);
    else tell.ended('the connection was lost');
  };
  return () => {
    socket.onclose = null;
    socket.close();
  };
}

function eventsource(place, tell) {
  const source = new EventSource(place.url('/ev/'));
  source.onopen = () => tell.opened();
  source.onmessage = ({ data }) => tell.got([readMessage(data)]);
  source.onerror = () => {
    source.close();
    tell.ended('the connection was lost');
  };
  return () => source.close();
}

function streaming(place, tell) {
  const end = new AbortController();
  (async () => {
    const answer = await ask(place.url('/sub/'), end, tell);
    if (!answer) return;
    tell.opened();
    let rest = '';
    try {
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        const lines = (rest + piece.value).split('\n');
        rest = lines.pop();
        tell.got(lines.map(readMessage));
      }
    } catch {
      // Ended by this side, or lost.
    }
    if (!end.signal.aborted) tell.ended('the connection was lost');
  })();
  return () => end.abort();
}

/** Long-polling and polling: requests one after the other, each behind what the last one brought. */
function requests(path, pause) {
  return (place, tell) => {
    const end = new AbortController();
    let timer;
    const next = async () => {
      if (pause) tell.opened();
      const soon = pause ? undefined : setTimeout(() => tell.opened(), 150);
      const answer = await ask(place.url(path), end, tell);
      clearTimeout(soon);
      if (!answer || end.signal.aborted) return;
      tell.opened();
      const etag = answer.headers.get('etag');
      const time = answer.headers.get('last-modified');
      const body = answer.status === 200 ? await answer.text().catch(() => '') : '';
      if (end.signal.aborted) return;
      tell.got(readMessages(body));
      if (time) place.behind(time, (etag ?? '0').replace('W/', ''));
      timer = setTimeout(next, pause);
    };
    next();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  };
}

/** Long-polls by script elements, as pages of another origin do it. */
function jsonp(place, tell) {
  let script;
  let over = false;
  const callback = `outpour${Math.random().toString(36).slice(2)}`;
  const next = () => {
    const began = performance.now();
    let called = false;
    window[callback] = (messages) => {
      called = true;
      tell.opened();
      tell.got(messages.map((message) => readMessage(JSON.stringify(message))));
    };
    script = document.createElement('script');
    script.src = place.url('/jsonp/', { callback, _: Math.random().toString(36).slice(2) });
    script.onload = script.onerror = () => {
      script.remove();
      if (over) return;
      // A long-poll that brought nothing has no script: that it took its time tells it from a refusal.
      if (called || performance.now() - began > 1000) next();
      else tell.ended('the script could not be loaded');
    };
    document.head.append(script);
    soon = setTimeout(() => tell.opened(), 150);
  };
  let soon;
  next();
  return () => {
    over = true;
    clearTimeout(soon);
    script.onload = script.onerror = null;
    script.remove();
    window[callback] = () => {};
  };
}

const TRANSPORTS = {
  eventsource: { name: 'EventSource', path: '/ev/', connect: eventsource },
  websocket: { name: 'WebSocket', path: '/ws/', connect: websocket },
  streaming: { name: 'Streaming', path: '/sub/', connect: streaming },
  longpolling: { name: 'Long-polling', path: '/lp/', connect: requests('/lp/', 0) },
  polling: { name: 'Polling', path: '/poll/', connect: requests('/poll/', 1000) },
  jsonp: { name: 'JSONP', path: '/jsonp/', connect: jsonp },
};
