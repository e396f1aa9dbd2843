import { html } from './html.js';
import { channelName, link, mention, shortcode, userName, words } from './prose.js';
import { absolute } from './time.js';

/** A rich_text block: sections, lists, quotes and monospaced boxes of inline elements. */
export function RichText({ block }) {
  return block.elements.map((element) => html`<${Part} of=${element} />`);
}

function Part({ of }) {
  const inner = of.elements?.map(
    of.type === 'rich_text_list' ? (item) => html`<li>${item.elements.map(inline)}</li>` : inline,
  );
  switch (of.type) {
    case 'rich_text_preformatted':
      return html`<pre>${of.elements.map((element) => element.text ?? element.url)}</pre>`;
    case 'rich_text_quote':
      return html`<blockquote>${inner}</blockquote>`;
    case 'rich_text_list':
      return of.style === 'ordered'
        ? html`<ol start=${(of.offset ?? 0) + 1}>${inner}</ol>`
        : html`<ul style=${{ marginLeft: `${(of.indent ?? 0) * 18}px` }}>${inner}</ul>`;
    default:
      return html`<div class=${`rich${isLead(of) ? ' lead' : ''}`}>${inner}</div>`;
  }
}

/** A line that is bold as a whole is a headline. */
function isLead({ elements }) {
  return elements.length > 0 && elements.every((element) => element.style?.bold);
}

function inline(element) {
  const { style = {} } = element;
  let out = content(element);
  if (style.code) out = html`<code>${out}</code>`;
  if (style.bold) out = html`<b>${out}</b>`;
  if (style.italic) out = html`<em>${out}</em>`;
  if (style.strike) out = html`<s>${out}</s>`;
  return out;
}

function content(element) {
  switch (element.type) {
    case 'text':
      return words(element.text);
    case 'link':
      return link(element.url, element.text ?? element.url);
    case 'user':
      return mention(`@${userName(element.user_id)}`);
    case 'channel':
      return mention(`#${channelName(element.channel_id)}`);
    case 'usergroup':
      return mention(`@${element.usergroup_id}`);
    case 'broadcast':
      return mention(`@${element.range}`);
    case 'emoji':
      return shortcode(element.name);
    case 'date':
      return html`<time title=${element.fallback ?? ''}>${absolute(element.timestamp * 1000)}</time>`;
    default:
      return null;
  }
}
