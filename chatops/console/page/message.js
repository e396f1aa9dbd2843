import { Blocks } from './blocks.js';
import { openThread } from './chat.js';
import { useForm } from './form.js';
import { html } from './html.js';
import { Mrkdwn, shortcode, userName } from './prose.js';
import { directory, now, route, tones } from './state.js';
import { absolute, age, clock, ofTs } from './time.js';

const named = { good: 'var(--good)', warning: 'var(--warn)', danger: 'var(--bad)' };

/** A message as Slack draws it: text, or blocks instead of it, then attachments with their colour bar. */
export function Message({ message, channel, inThread = false }) {
  const { ts, user, blocks, attachments = [] } = message;
  const form = useForm(blocks ?? attachments[0]?.blocks);
  const place = { channel, ts };
  const at = ofTs(ts);
  const isApp = user === directory.value.app?.id;
  const name = isApp ? directory.value.app.name : userName(user);
  const found = route.value.ts === ts;
  return html`<article class=${`msg${message.is_ephemeral ? ' whisper' : ''}${found ? ' found' : ''}`} id=${`m-${ts}`} aria-label=${`${name}, ${clock(at, now.value)}`}>
    <div class=${`av${isApp ? ' e' : ''}`} aria-hidden="true">${name[0]?.toUpperCase()}</div>
    <div class="body">
      <span class="who">${name}</span><time class="time num" title=${absolute(at)}>${clock(at, now.value)}${changed(message)}</time>
      ${message.is_ephemeral && html` <span class="only">· only you see this</span>`}
      ${message.subtype === 'command' ? html`<div class="cmd">${message.text}</div>` : html`<${Content} message=${message} place=${place} form=${form} />`}
      ${attachments.map((attachment) => html`<${Attachment} of=${attachment} place=${place} form=${form} />`)}
      ${message.reactions && html`<div class="reactions">${message.reactions.map((one) => html`<span title=${one.users.map(userName).join(', ')}>${shortcode(one.name)} ${one.count}</span>`)}</div>`}
      ${!inThread && message.reply_count > 0 && html`<button type="button" class="thread-link" onClick=${() => openThread(ts)}>${message.reply_count} ${message.reply_count === 1 ? 'reply' : 'replies'} in the thread</button>`}
      ${!inThread && message.subtype === 'thread_broadcast' && html`<button type="button" class="thread-link" onClick=${() => openThread(message.thread_ts)}>From a thread</button>`}
    </div>
    ${!inThread && !message.is_ephemeral && message.subtype !== 'command' && html`<div class="tools"><button type="button" onClick=${() => openThread(message.thread_ts ?? ts)}>Reply in thread</button></div>`}
  </article>`;
}

function Content({ message, place, form }) {
  if (message.blocks?.length > 0) {
    const drawn = html`<${Blocks} blocks=${message.blocks} place=${place} form=${form} />`;
    const tone = toneOf(message);
    return tone ? html`<div class=${`att ${tone}`}>${drawn}</div>` : drawn;
  }
  // With attachments that hold blocks, the text is only the notification.
  if (!message.text || message.attachments?.some(({ blocks }) => blocks)) return null;
  return html`<div class="said"><${Mrkdwn} text=${message.text} />${message.edited && html` <span class="only">(edited)</span>`}</div>`;
}

function Attachment({ of, place, form }) {
  const color =
    named[of.color] ?? (/^#?[0-9a-f]{6}$/i.test(of.color ?? '') ? `#${of.color.replace('#', '')}` : undefined);
  return html`<div class="att" style=${color && { borderColor: color }}>
    ${of.pretext && html`<div><${Mrkdwn} text=${of.pretext} /></div>`}
    ${of.title && html`<div class="head"><b>${of.title}</b></div>`}
    ${of.text && html`<div class="said"><${Mrkdwn} text=${of.text} /></div>`}
    ${of.blocks && html`<${Blocks} blocks=${of.blocks} place=${place} form=${form} />`}
    ${of.footer && html`<div class="ctx">${of.footer}</div>`}
  </div>`;
}

/** Messages about an operation say in their metadata how it stands, or which one it is. */
function toneOf({ metadata }) {
  const { color, operation } = metadata?.event_payload ?? {};
  return color ?? tones.value[operation] ?? (operation === undefined ? undefined : 'past');
}

/** "· now" while a message is being edited, so that one sees it lives. */
function changed(message) {
  if (!message.edited) return '';
  const since = age(ofTs(message.edited.ts), now.value);
  return ofTs(message.edited.ts) - ofTs(message.ts) > 1000 && now.value - ofTs(message.edited.ts) < 60_000
    ? ` · ${since}`
    : '';
}
