import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { bootstrap } from './api.js';
import { Board } from './board.js';
import { loadDirectory, openChannel } from './chat.js';
import { ConfirmDialog } from './confirm.js';
import { Chat } from './feed.js';
import { html } from './html.js';
import { Logs } from './logs.js';
import { ModalDialog } from './modal.js';
import { follow, tabOf } from './route.js';
import { Service } from './service.js';
import { Sidebar } from './sidebar.js';
import { boot, channelId, directory, lost, now, operations, route, seen } from './state.js';
import { connect } from './stream.js';
import { Trace } from './trace.js';
import { Traces } from './traces.js';

const tabs = [
  ['board', 'Board'],
  ['traces', 'Traces'],
  ['logs', 'Logs'],
];

function App() {
  const { page } = route.value;
  const chat = boot.value?.workspace !== false;
  const view = chat && seen.value === 'chat' ? 'chat' : tabOf(route.value);
  const here = (name) => (name === view ? 'page' : undefined);
  useEffect(() => {
    document.getElementById('app').dataset.view = view;
    document.getElementById('app').classList.toggle('alone', !chat);
  }, [view, chat]);
  return html`<${Sidebar} />
    <div class="mobile" role="navigation" aria-label="Views">
      ${
        chat &&
        html`<a href="#" aria-current=${here('chat')} onClick=${(event) => {
          event.preventDefault();
          seen.value = 'chat';
        }}>Chat</a>`
      }
      ${tabs.map(
        ([name, label]) =>
          html`<a href=${`#${name}`} aria-current=${here(name)} onClick=${() => {
            seen.value = 'route';
          }}>${label}</a>`,
      )}
    </div>
    ${chat && html`<${Chat} />`}
    <aside aria-label="What runs">
      <div class="tabs" role="navigation" aria-label="Pages">${tabs.map(([name, label]) => html`<a href=${`#${name}`} aria-current=${tabOf(route.value) === name ? 'page' : undefined}>${label}</a>`)}</div>
      ${page === 'board' && html`<${Board} />`}
      ${page === 'service' && html`<${Service} key=${`${route.value.environment}/${route.value.service}`} environment=${route.value.environment} service=${route.value.service} />`}
      ${page === 'traces' && html`<${Traces} />`}
      ${page === 'trace' && html`<${Trace} key=${route.value.id} environment=${route.value.environment} id=${route.value.id} />`}
      ${page === 'logs' && html`<${Logs} />`}
    </aside>
    <div role="status" class="floating">${lost.value && html`<div class="banner">Connection lost. Trying again; what happens meanwhile will be shown then.</div>`}</div>
    <${ModalDialog} /><${ConfirmDialog} />`;
}

function onKey(event) {
  const { target } = event;
  const typing =
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.isContentEditable ||
    document.querySelector('dialog[open]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    seen.value = 'chat';
    requestAnimationFrame(() => document.getElementById('composer')?.focus());
  }
  if (event.key === 'Escape' && !typing && (route.value.page === 'service' || route.value.page === 'trace'))
    location.hash = tabOf(route.value);
}

/** A clock that runs fast only while something does. */
function tick() {
  let last = 0;
  setInterval(() => {
    const busy = operations.value.some(({ finishedAt }) => !finishedAt);
    if (Date.now() - last < (busy ? 900 : 10_000)) return;
    last = Date.now();
    now.value = last;
  }, 1000);
}

async function start() {
  follow();
  document.addEventListener('keydown', onKey);
  tick();
  const root = document.getElementById('app');
  root.replaceChildren();
  render(html`<${App} />`, root);
  try {
    const answer = await bootstrap();
    if (answer.workspace) await loadDirectory();
    boot.value = answer;
  } catch {
    lost.value = true;
    setTimeout(() => location.reload(), 3000);
    return;
  }
  effect(() => {
    const wanted = route.value.channel;
    if (wanted && directory.value.channels.some(({ id }) => id === wanted) && wanted !== channelId.peek())
      openChannel(wanted);
  });
  connect();
}

void start();
