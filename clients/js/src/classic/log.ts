/** What the log writes, and where to. */
export const LOG = { level: 'error', elementId: 'Log4jsLogOutput' };

const LEVELS = ['error', 'info', 'debug'];

/** Lines that the element of the page keeps. */
const LINES_MAX = 100;

/** Writes to the console and into the page's log element, if the level is asked for. */
export function log(level: 'error' | 'info' | 'debug', ...parts: unknown[]): void {
  if (LEVELS.indexOf(level) > LEVELS.indexOf(LOG.level)) return;
  console[level === 'error' ? 'error' : 'log'](...parts);
  const element = document.getElementById(LOG.elementId);
  if (!element) return;
  const line = document.createElement('div');
  line.textContent = `${new Date().toLocaleTimeString()} ${level}: ${parts.join(' ')}`;
  element.appendChild(line);
  while (element.childNodes.length > LINES_MAX) element.removeChild(element.firstChild as Node);
}
