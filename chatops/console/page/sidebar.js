import { openChannel } from './chat.js';
import { html } from './html.js';
import { boot, channelId, directory, me, remember, unread, user, whispers } from './state.js';
import { reconnectAnew } from './stream.js';

export function Sidebar() {
  const { channels } = directory.value;
  const { environments, workspace, messenger } = boot.value ?? { environments: [] };
  const direct = channels.find(({ imUser }) => imUser === me.value);
  return html`<nav aria-label="Workspace">
    <div class="brand"><i></i>Edwin</div>
    ${workspace && html`<div><h2>Channels</h2>${channels.filter(({ kind }) => kind === 'channel').map((one) => html`<${ChannelLink} of=${one} label=${`# ${one.name}`} />`)}</div>`}
    ${direct && html`<div><h2>Direct</h2><${ChannelLink} of=${direct} label="Edwin" /></div>`}
    ${user.value && html`<div><h2 id="signed-in">Signed in as</h2><${UserPicker} labelled="signed-in" /></div>`}
    ${messenger && html`<div><h2>Try the product</h2>${environments.map((name) => html`<a href=${`/messenger/${name}`} target="_blank" rel="noopener">Messenger, ${name} ↗</a>`)}</div>`}
  </nav>`;
}

function ChannelLink({ of, label }) {
  const news = unread.value[of.id] || undefined;
  return html`<button type="button" class="link" aria-current=${of.id === channelId.value ? 'true' : 'false'} onClick=${() => openChannel(of.id)}>${label}${news && html` <span class="badge num" aria-label=${`${news} unread`}>${news > 99 ? '99+' : news}</span>`}</button>`;
}

export function UserPicker({ labelled }) {
  const people = directory.value.users.filter(({ isBot }) => !isBot);
  const change = (event) => {
    const direct = directory.value.channels.find(({ id }) => id === channelId.value)?.imUser;
    me.value = event.currentTarget.value;
    remember('user', me.value);
    whispers.value = {};
    if (direct) channelId.value = directory.value.channels[0].id;
    reconnectAnew();
  };
  return html`<select class="who-am-i" aria-label=${labelled ? undefined : 'Signed in as'} aria-labelledby=${labelled} value=${me.value} onChange=${change}>${people.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}</select>`;
}

export function ChannelPicker() {
  const visible = directory.value.channels.filter(({ imUser }) => !imUser || imUser === me.value);
  return html`<select aria-label="Channel" value=${channelId.value} onChange=${(event) => openChannel(event.currentTarget.value)}>${visible.map(({ id, kind, name }) => html`<option value=${id}>${kind === 'im' ? 'Edwin' : `# ${name}`}${unread.value[id] ? ' •' : ''}</option>`)}</select>`;
}
