import { useLayoutEffect, useRef } from 'preact/hooks';
import { loadFeed, openThread, timeline } from './chat.js';
import { Composer } from './composer.js';
import { html } from './html.js';
import { Message } from './message.js';
import { ChannelPicker, UserPicker } from './sidebar.js';
import { boot, channel, more, propose, route, threadTs } from './state.js';

/** The open channel, or the open thread in its place. */
export function Chat() {
  const open = channel.value;
  if (!open) return html`<main aria-label="Chat"></main>`;
  const thread = threadTs.value;
  return html`<main aria-label="Chat">
    <div class="bar">
      ${thread && html`<button type="button" class="back" onClick=${() => openThread(undefined)} aria-label="Back to the channel">←</button>`}
      <h1 class=${thread ? '' : 'named'}>${thread ? 'Thread' : titleOf(open)}</h1>
      <span>${thread ? titleOf(open) : open.topic}</span>
      <div class="pick"><${ChannelPicker} /><${UserPicker} /></div>
    </div>
    <${Feed} key=${`${open.id}/${thread}`} channel=${open} thread=${thread} />
    <${Composer} key=${`composer/${open.id}/${thread}`} channel=${open} thread=${thread} />
  </main>`;
}

const titleOf = ({ kind, name }) => (kind === 'im' ? 'Edwin' : `# ${name}`);

function Feed({ channel: open, thread }) {
  const box = useRef();
  const atEnd = useRef(true);
  const messages = timeline(open.id, thread);
  // Who is at the end follows; who reads further up stays there, which is the browser's own scroll anchoring.
  useLayoutEffect(() => {
    if (atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  });
  useLayoutEffect(() => {
    const found = route.value.ts && document.getElementById(`m-${route.value.ts}`);
    if (found) found.scrollIntoView({ block: 'center' });
  }, [route.value.ts, messages === undefined]);
  const older = async () => {
    const element = box.current;
    const height = element.scrollHeight;
    await loadFeed(open.id, undefined, messages[0].ts);
    requestAnimationFrame(() => {
      element.scrollTop += element.scrollHeight - height;
    });
  };
  const onScroll = ({ currentTarget: element }) => {
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  };
  return html`<div class="feed" ref=${box} onScroll=${onScroll} role="log" aria-label="Messages" tabindex="0">
    ${!thread && more.value[open.id] && html`<button type="button" class="btn older" onClick=${() => void older()}>Earlier messages</button>`}
    ${messages?.map((message) => html`<${Message} key=${message.ts} message=${message} channel=${open.id} inThread=${thread !== undefined} />`)}
    ${messages?.length === 0 && html`<${Welcome} channel=${open} />`}
  </div>`;
}

/** What an empty channel says: the first open shows three commands that can be clicked. */
function Welcome({ channel: open }) {
  if (open.name !== 'deploys') return html`<div class="welcome"><p>Nothing was said here yet.</p></div>`;
  const { services, environments } = boot.value;
  const service = services.includes('bot') ? 'bot' : services[0];
  const commands = [
    [`/deploy ${service} ${environments[0]}`, 'build the newest commit and put it to work'],
    ['/edwin status', 'what runs where'],
    ['/edwin help', 'everything Edwin can do'],
  ];
  return html`<div class="welcome">
    <h2>Welcome. Nothing was deployed yet.</h2>
    <p>Commands are typed below, or put there by a click. The board on the right shows what they do.</p>
    ${commands.map(([text, hint]) => html`<button type="button" onClick=${() => propose(text)}><b>${text}</b><span>${hint}</span></button>`)}
  </div>`;
}
