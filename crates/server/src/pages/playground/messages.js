// Messages as the built-in configuration's template writes them.

/** Publishers that encode nothing may put quotes into the text: no JSON then, but the form is known. */
const FORM = /^\{"id":(-?\d+),"channel":"(.*?)","text":"([^]*)", "tag":"(\d+)", "time":"([^"]*)", "eventid":"([^]*)"\}$/;

/** The message in `json`, or undefined if it is none. */
function readMessage(json) {
  const raw = parsed(json) ?? matched(json);
  if (!raw || typeof raw !== 'object') return undefined;
  return {
    id: Number(raw.id),
    channel: String(raw.channel),
    text: decoded(String(raw.text)),
    tag: String(raw.tag),
    time: String(raw.time),
  };
}

/** Answers of polling carry several messages without anything between them. */
function readMessages(body) {
  return body.split(/(?<=\})\s*(?=\{"id":)/).map((json) => readMessage(json.trim())).filter(Boolean);
}

function parsed(json) {
  try { return JSON.parse(json); } catch { return undefined; }
}

function matched(json) {
  const found = FORM.exec(json);
  return found && { id: found[1], channel: found[2], text: found[3], tag: found[4], time: found[5] };
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** A text as it may stand between the template's quotes: itself, or percent-encoded. */
function encoded(text) {
  return /["\\%\u0000-\u001f]/.test(text) ? encodeURIComponent(text) : text;
}
