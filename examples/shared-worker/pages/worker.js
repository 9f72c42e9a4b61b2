// One subscription for every tab of this site.
import { subscribe } from './outpour.js';

const KEPT = 20;

const tabs = new Set();
/** What a tab that comes late is told. */
const recent = [];

self.onconnect = ({ ports: [tab] }) => {
  tabs.add(tab);
  tab.onmessage = () => tabs.delete(tab);
  for (const message of recent) tab.postMessage(message);
};

const subscription = subscribe('news', { transport: 'eventsource', since: { backtrack: KEPT } });
subscription.addEventListener('message', ({ message }) => {
  recent.push(message);
  if (recent.length > KEPT) recent.shift();
  for (const tab of tabs) tab.postMessage(message);
});
