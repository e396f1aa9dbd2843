/** Draws messages. Text goes into the page as text only, never as markup. */

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const states = {
  sending: ['Sending', 'The webhook has not answered with 200 yet'],
  delivered: ['Delivered', 'The webhook answered with 200'],
  undelivered: ['Not delivered', 'The webhook did not answer with 200 for an hour'],
};

export function bubble(message, environment, now) {
  const at = new Date(message.at);
  const time = element('time', { dateTime: message.at, title: at.toLocaleString(), textContent: age(at, now) });
  const line = element('small', {}, time);
  const state = states[message.state];
  if (state) line.append(' · ', element('span', { className: message.state, textContent: state[0], title: state[1] }));
  if (message.trace) {
    const href = `/#trace/${encodeURIComponent(environment)}/${encodeURIComponent(message.trace)}`;
    line.append(element('a', { href, textContent: 'Trace', title: 'What happened to this message, in every service' }));
  }
  const text = message.text || (message.payload ? `(${message.payload})` : '');
  const article = element('div', { className: `said ${message.from}` }, element('p', { textContent: text }), line);
  article.setAttribute('aria-label', message.from === 'page' ? 'Edwin' : 'Student');
  return article;
}

export function typing() {
  const dots = element('div', { className: 'typing', id: 'typing' }, element('i'), element('i'), element('i'));
  dots.setAttribute('role', 'status');
  dots.setAttribute('aria-label', 'Edwin is writing');
  return dots;
}

export function age(at, now) {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} days`;
}
