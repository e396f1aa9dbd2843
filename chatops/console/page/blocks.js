import { Component } from 'preact';
import { Element, InputBlock } from './elements.js';
import { html } from './html.js';
import { Markdown, Text } from './prose.js';
import { RichText } from './richtext.js';

/**
 * The one renderer of Slack's blocks. `place` says where their buttons act: `{channel, ts}` or `{view}`; `form` keeps
 * the state of inputs. A block nobody here knows is named, never silently left out.
 */
export function Blocks({ blocks, place, form }) {
  return blocks.map(
    (block) => html`<${Guarded} key=${block.block_id}><${Block} block=${block} place=${place} form=${form} /><//>`,
  );
}

/** One block that can not be drawn must not take the page with it. */
class Guarded extends Component {
  static getDerivedStateFromError = () => ({ broken: true });
  render({ children }) {
    return this.state.broken ? html`<div class="ctx">This block can not be shown.</div>` : children;
  }
}

function Block({ block, place, form }) {
  switch (block.type) {
    case 'section':
      return html`<${Section} block=${block} place=${place} form=${form} />`;
    case 'header':
      return html`<div class="blk header"><${Text} of=${block.text} /></div>`;
    case 'context':
      return html`<div class="blk context">${block.elements.map((element) => (element.type === 'image' ? html`<img src=${element.image_url} alt=${element.alt_text} />` : html`<span><${Text} of=${element} /></span>`))}</div>`;
    case 'actions':
    case 'context_actions':
      return html`<div class="btns">${block.elements.map((element) => html`<${Element} key=${element.action_id} element=${element} block=${block} place=${place} form=${form} />`)}</div>`;
    case 'divider':
      return html`<hr class="blk divider" />`;
    case 'rich_text':
      return html`<div class="blk"><${RichText} block=${block} /></div>`;
    case 'markdown':
      return html`<div class="blk"><${Markdown} text=${block.text} /></div>`;
    case 'image':
      return html`<figure class="blk image">${block.title && html`<figcaption class="ctx"><${Text} of=${block.title} /></figcaption>`}<img src=${block.image_url} alt=${block.alt_text} /></figure>`;
    case 'input':
      return html`<${InputBlock} block=${block} place=${place} form=${form} />`;
    case 'table':
    case 'data_table':
      return html`<${Table} block=${block} />`;
    case 'plan':
      return html`<div class="blk"><b>${block.title}</b>${(block.tasks ?? []).map((task) => html`<${Task} task=${task} />`)}</div>`;
    case 'task_card':
      return html`<div class="blk"><${Task} task=${block} /></div>`;
    case 'alert':
      return html`<div class="blk ctx"><${Text} of=${block.text} /></div>`;
    case 'container':
      return html`<details class="blk" open><summary><${Text} of=${block.title} /></summary><${Blocks} blocks=${block.child_blocks} place=${place} form=${form} /></details>`;
    default:
      return html`<div class="ctx">A block of type ${block.type} is not drawn here.</div>`;
  }
}

function Section({ block, place, form }) {
  return html`<div class="blk section">
    <div class="said">
      ${block.text && html`<${Text} of=${block.text} />`}
      ${block.fields && html`<div class="fields">${block.fields.map((field) => html`<div><${Text} of=${field} /></div>`)}</div>`}
    </div>
    ${block.accessory && html`<${Element} element=${block.accessory} block=${block} place=${place} form=${form} />`}
  </div>`;
}

function Table({ block }) {
  const [head, ...rows] = block.rows;
  return html`<div class="blk table" tabindex="0" role="region" aria-label=${block.caption ?? 'Table'}>
    <table>
      <thead><tr>${head.map((cell) => html`<th scope="col"><${CellContent} cell=${cell} /></th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td><${CellContent} cell=${cell} /></td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}

function CellContent({ cell }) {
  if (cell.type === 'rich_text') return html`<${RichText} block=${cell} />`;
  return cell.text ?? String(cell.value ?? '');
}

const taskMark = { pending: '○', in_progress: '◐', complete: '●', error: '✕' };

function Task({ task }) {
  return html`<div><span aria-hidden="true">${taskMark[task.status] ?? '○'}</span> ${task.title} <span class="ctx">${(task.status ?? 'pending').replace('_', ' ')}</span>${task.details && html`<${RichText} block=${task.details} />`}</div>`;
}
