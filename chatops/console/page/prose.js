import { html } from './html.js';
import { parseMarkdown } from './markdown.js';
import { decode, parseMrkdwn, safeUrl } from './mrkdwn.js';
import { directory } from './state.js';
import { absolute } from './time.js';

const emoji = {
  white_check_mark: '✅',
  x: '❌',
  warning: '⚠️',
  rocket: '🚀',
  tada: '🎉',
  eyes: '👀',
  lock: '🔒',
  unlock: '🔓',
  rewind: '⏪',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  information_source: 'ℹ️',
  rotating_light: '🚨',
  wave: '👋',
  '+1': '👍',
  '-1': '👎',
  fire: '🔥',
  bug: '🐛',
  large_green_square: '🟩',
  large_blue_square: '🟦',
  white_large_square: '⬜',
  large_red_square: '🟥',
  large_yellow_square: '🟨',
  no_entry: '⛔',
  point_right: '👉',
};
const squareClass = { '🟩': 'd', '🟦': 'n', '🟥': 'x', '🟨': 'w', '⬜': '', '⬛': '' };
const squareRun = /((?:🟩|🟦|🟥|🟨|⬜|⬛){2,})/u;

/** Runs of coloured squares are drawn, so that they look the same on every system. */
export function words(text) {
  if (!squareRun.test(text)) return text;
  return text.split(squareRun).map((part, index) => {
    if (index % 2 === 0) return part;
    const squares = [...part].filter((mark) => mark in squareClass);
    const done = squares.filter((mark) => mark === '🟩').length;
    return html`<span class="squares" role="img" aria-label=${`${done} of ${squares.length} done`}>${squares.map((mark) => html`<i class=${squareClass[mark]}></i>`)}</span>`;
  });
}

export const shortcode = (name) => emoji[name] ?? `:${name}:`;

export function link(url, children) {
  const safe = url === undefined ? undefined : safeUrl(url);
  if (safe === undefined) return html`<span>${children}</span>`;
  const own = safe.startsWith(`${location.origin}/#`) || safe.startsWith('#');
  return own
    ? html`<a href=${safe.slice(safe.indexOf('#'))}>${children}</a>`
    : html`<a href=${safe} target="_blank" rel="noreferrer noopener">${children}</a>`;
}

export function userName(id) {
  return directory.value.users.find((user) => user.id === id)?.name ?? id;
}

export function channelName(id) {
  return directory.value.channels.find((channel) => channel.id === id)?.name ?? id;
}

export const mention = (text) => html`<span class="mention">${text}</span>`;

function node(one) {
  switch (one.t) {
    case 'text':
      return words(one.v);
    case 'b':
      return html`<b>${one.c.map(node)}</b>`;
    case 'i':
      return html`<em>${one.c.map(node)}</em>`;
    case 's':
      return html`<s>${one.c.map(node)}</s>`;
    case 'quote':
      return html`<blockquote>${one.c.map(node)}</blockquote>`;
    case 'code':
      return html`<code>${one.v}</code>`;
    case 'pre':
      return html`<pre>${one.v}</pre>`;
    case 'link':
      return link(one.url, one.c.map(node));
    case 'user':
      return mention(`@${one.label ?? userName(one.id)}`);
    case 'channel':
      return mention(`#${one.label ?? channelName(one.id)}`);
    case 'group':
      return mention(`@${one.label ?? one.id}`);
    case 'broadcast':
      return mention(`@${one.v}`);
    case 'date':
      return html`<time title=${one.v}>${absolute(one.at)}</time>`;
    case 'emoji':
      return shortcode(one.v);
    case 'h':
      return html`<p><b>${one.c.map(node)}</b></p>`;
    case 'p':
      return html`<p>${one.c.map(node)}</p>`;
    case 'ul':
      return html`<ul>${one.c.map(node)}</ul>`;
    case 'ol':
      return html`<ol>${one.c.map(node)}</ol>`;
    case 'li':
      return html`<li>${one.c.map(node)}</li>`;
    default:
      return null;
  }
}

export const Mrkdwn = ({ text }) => parseMrkdwn(text).map(node);
export const Markdown = ({ text }) => html`<div class="md">${parseMarkdown(text).map(node)}</div>`;

/** A text object of a block: plain text is shown as it is, entities aside. */
export function Text({ of }) {
  if (!of) return null;
  if (of.type === 'mrkdwn') return html`<${Mrkdwn} text=${of.text} />`;
  return words(decode(of.text).replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji[name] ?? whole));
}
