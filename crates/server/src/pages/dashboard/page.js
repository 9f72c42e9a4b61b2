// The page: the feed of samples, and which of the two views is shown.

/** How long a page that nobody sees goes on asking. */
const UNSEEN_MAX = 5 * 60 * 1000;

const samples = new Samples();
const overview = new Overview();
const plots = new Plots(samples);
let feed;
let channel;
let unseen;

function showState(state, text) {
  if ($('state').textContent !== text) $('state').textContent = text;
  $('state').dataset.state = state;
}

function listen() {
  feed?.close();
  feed = new EventSource(address({ feed: 'overview' }));
  feed.onmessage = ({ data }) => {
    showState('open', 'live');
    const sample = JSON.parse(data);
    overview.show(sample, samples.add(sample));
    if (!$('overview').hidden) plots.update();
  };
  feed.onerror = () => {
    showState('waiting', 'connecting again');
    // A refusal ends it for the browser; the server may be on its way back.
    if (feed.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}

function route() {
  const id = /^#channel=(.+)$/.exec(location.hash)?.[1];
  channel?.close();
  channel = id === undefined ? undefined : new Channel(decodeURIComponent(id));
  $('overview').hidden = id !== undefined;
  $('channel').hidden = id === undefined;
  document.title = channel ? `${channel.id} - outpour` : 'outpour - dashboard';
  if (!channel) {
    plots.fit();
    plots.update();
  }
  scrollTo(0, 0);
}

$('search').addEventListener('submit', (event) => {
  event.preventDefault();
  location.hash = `channel=${encodeURIComponent($('wanted').value)}`;
});
$('publish').addEventListener('submit', (event) => {
  event.preventDefault();
  channel.change('POST', $('text').value, 'Published.');
});
$('delete').addEventListener('click', () => {
  if (confirm(`Delete ${channel.id}? Its messages go, and its subscribers are told.`)) channel.change('DELETE', undefined, 'Channel deleted.');
});
document.addEventListener('visibilitychange', () => {
  clearTimeout(unseen);
  if (document.hidden) {
    unseen = setTimeout(() => {
      feed.close();
      feed = undefined;
    }, UNSEEN_MAX);
  } else if (!feed) {
    listen();
  }
});
addEventListener('hashchange', route);
listen();
route();
