import { age, bubble, element, typing } from './bubbles.mjs';

const environment = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const base = `/messenger/${encodeURIComponent(environment)}`;
const at = (id) => document.getElementById(id);
const feed = at('feed');
const TYPING_MS = 12_000;
const SHOWN = 1_000;

/** What the page shows: one student's conversation. */
let student;
let messages = new Map();
let stream;
let typingTimer;

at('environment').textContent = environment;
document.title = `Messenger, ${environment}`;

async function call(method, path, body) {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok)
    throw new Error((await response.json().catch(() => ({}))).error ?? `The server answered ${response.status}.`);
  return response.json();
}

function problem(text) {
  at('lost').textContent = text ?? '';
  at('lost').hidden = !text;
}

async function drawStudents() {
  const { students } = await call('GET', '/students');
  const links = students.map(({ id, last }) => {
    const link = element(
      'a',
      { href: `#${encodeURIComponent(id)}` },
      element('b', { textContent: id }),
      element('span', { textContent: last ?? 'no messages yet' }),
    );
    if (id === student) link.setAttribute('aria-current', 'page');
    return link;
  });
  at('students').replaceChildren(
    ...(links.length > 0
      ? links
      : [element('div', { className: 'none', textContent: 'Nobody yet. Add a student below.' })]),
  );
  return students;
}

const isAtEnd = () => feed.scrollHeight - feed.scrollTop - feed.clientHeight < 80;

function drawAll() {
  const drawn = [...messages.values()].map((message) =>
    Object.assign(bubble(message, environment, Date.now()), { id: `m${message.id}` }),
  );
  feed.replaceChildren(...(drawn.length > 0 ? drawn : [start()]));
  drawAnswers();
  feed.scrollTop = feed.scrollHeight;
}

function drawOne(message) {
  const follow = isAtEnd() || message.from === 'student';
  const drawn = Object.assign(bubble(message, environment, Date.now()), { id: `m${message.id}` });
  const present = at(`m${message.id}`);
  if (present) present.replaceWith(drawn);
  else {
    feed.querySelector('.start')?.remove();
    feed.insertBefore(drawn, at('typing'));
  }
  if (follow) feed.scrollTop = feed.scrollHeight;
}

/** An empty conversation begins as in Messenger: with the button that stays. */
function start() {
  if (!student) return element('div', { className: 'start', textContent: 'Choose a student, or add one, to begin.' });
  const button = element('button', {
    type: 'button',
    textContent: 'Get started',
    onclick: () => say({ text: 'Get started', payload: 'GET_STARTED', postback: true }),
  });
  return element(
    'div',
    { className: 'start' },
    element('p', { textContent: `${student} has not written yet.` }),
    button,
  );
}

/** Quick replies belong to the last message only, as in Messenger. */
function drawAnswers() {
  const last = [...messages.values()].at(-1);
  const buttons = (last?.quickReplies ?? []).map(({ title, payload }, index) =>
    element('button', {
      type: 'button',
      textContent: title,
      title: index < 9 ? `Key ${index + 1}` : '',
      onclick: () => say({ text: title, payload }),
    }),
  );
  at('answers').replaceChildren(...buttons);
}

function setTyping(on) {
  clearTimeout(typingTimer);
  at('typing')?.remove();
  if (!on) return;
  feed.append(typing());
  if (isAtEnd()) feed.scrollTop = feed.scrollHeight;
  typingTimer = setTimeout(() => setTyping(false), TYPING_MS);
}

function receive(message) {
  if (messages.has(message.id)) return;
  messages.set(message.id, message);
  if (messages.size > SHOWN) {
    const oldest = messages.keys().next().value;
    messages.delete(oldest);
    at(`m${oldest}`)?.remove();
  }
  setTyping(message.from === 'student');
  drawOne(message);
  drawAnswers();
}

async function say(said) {
  if (!student) return at('name').focus();
  at('answers').replaceChildren();
  at('text').focus();
  try {
    await call('POST', `/students/${encodeURIComponent(student)}/messages`, said);
    problem();
  } catch (error) {
    problem(`The message was not sent. ${error.message}`);
    if (!said.payload) at('text').value = said.text;
    drawAnswers();
  }
}

/** Loads a conversation and follows it; called again after a lost connection, to catch up with states too. */
async function open(id) {
  stream?.close();
  setTyping(false);
  student = id;
  at('subtitle').textContent = id ? `You write as ${id}` : 'Nobody is chosen';
  at('text').disabled = !id;
  messages = new Map();
  if (!id) return drawAll();
  const path = `/students/${encodeURIComponent(id)}`;
  const { messages: known } = await call('GET', `${path}/messages?limit=200`);
  if (student !== id) return;
  messages = new Map(known.map((message) => [message.id, message]));
  drawAll();
  follow(id, path, known.at(-1)?.id ?? 0);
  at('text').focus();
}

function follow(id, path, after) {
  const mine = new EventSource(`${base}${path}/events?after=${after}`);
  stream = mine;
  mine.addEventListener('message', ({ data }) => receive(JSON.parse(data).message));
  mine.addEventListener('typing', ({ data }) => setTyping(JSON.parse(data).on));
  mine.addEventListener('state', ({ data }) => {
    const { id: changed, state } = JSON.parse(data);
    const message = messages.get(changed);
    if (!message) return;
    message.state = state;
    drawOne(message);
  });
  mine.onopen = () => problem();
  mine.onerror = () => {
    mine.close();
    if (stream !== mine) return;
    problem('The connection is lost. Trying again…');
    setTimeout(() => stream === mine && open(id).catch(() => mine.onerror()), 1_500);
  };
}

async function choose() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const students = await drawStudents();
  if (!wanted && students[0]) return location.replace(`#${encodeURIComponent(students[0].id)}`);
  await open(wanted || undefined);
  await drawStudents();
}

at('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = at('text').value.trim();
  if (!text) return;
  at('text').value = '';
  say({ text });
});
at('new').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = at('name').value.trim();
  try {
    await call('PUT', `/students/${encodeURIComponent(name)}`);
    at('name').value = '';
    location.hash = encodeURIComponent(name);
  } catch (error) {
    problem(error.message);
  }
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writing = event.target instanceof HTMLInputElement;
  if (event.key === 'Escape') return document.activeElement?.blur();
  if (writing) return;
  if (event.key === '/') {
    event.preventDefault();
    at('text').focus();
  } else if (/^[1-9]$/.test(event.key)) at('answers').children[Number(event.key) - 1]?.click();
});
addEventListener('hashchange', () => choose().catch((error) => problem(error.message)));
setInterval(() => {
  for (const time of feed.querySelectorAll('time')) time.textContent = age(new Date(time.dateTime), Date.now());
}, 30_000);
choose().catch((error) => problem(error.message));
