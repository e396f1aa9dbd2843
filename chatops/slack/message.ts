import type { ActionsBlock, Button, KnownBlock, RichTextBlock, SectionBlock, TableBlock } from '@slack/types';

/** What is posted: `text` is one full sentence, true on its own (the notification and the screen reader's line). */
export interface Message {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** How it went, for doors that can show it beside the words. */
  readonly color?: 'good' | 'bad' | 'busy';
}

/** Slack's limits (characters, counts). Longer texts are cut by the builders, never refused by Slack. */
export const limits = {
  blocks: 50,
  allText: 13_200,
  text: 3_900,
  section: 3_000,
  field: 2_000,
  fields: 10,
  button: 75,
  buttons: 3,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  tableRows: 100,
  tableText: 10_000,
} as const;

/** At most `limit` characters, the last one an ellipsis when something is missing. Never cuts a character in two. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - 1;
  const code = text.charCodeAt(end - 1);
  return `${text.slice(0, code >= 0xd800 && code < 0xdc00 ? end - 1 : end)}…`;
}

/** Slack's three control characters; without it a commit title `<!channel>` would ring every phone. */
export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** The first line of a message: bold, as plain characters. */
export function headline(text: string): RichTextBlock {
  return rich([
    { type: 'rich_text_section', elements: [{ type: 'text', text: cut(text, limits.section), style: { bold: true } }] },
  ]);
}

/** A sentence or a few, as plain characters. */
export function paragraph(text: string): SectionBlock {
  return { type: 'section', text: { type: 'plain_text', text: cut(text || ' ', limits.section), emoji: false } };
}

/** Lines in a monospaced box, for logs. */
export function preformatted(lines: readonly string[]): RichTextBlock {
  const text = cut(lines.join('\n') || ' ', limits.section);
  return rich([{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }]);
}

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Written by someone else (a commit's title, an error): shown as plain characters. */
  readonly outside?: boolean;
}

/** Facts in two columns. */
export function facts(list: readonly Fact[]): SectionBlock {
  return {
    type: 'section',
    fields: list
      .slice(0, limits.fields)
      .map(({ label, value, outside }) =>
        outside
          ? { type: 'plain_text', text: cut(`${label}: ${value}`, limits.field), emoji: false }
          : { type: 'mrkdwn', text: cut(`${label}: *${escaped(value)}*`, limits.field), verbatim: true },
      ),
  };
}

/** Small grey text under a message. */
export function context(text: string): KnownBlock {
  return { type: 'context', elements: [{ type: 'plain_text', text: cut(text, limits.section), emoji: false }] };
}

/** First row is the header. Cells are plain characters. Rows that do not fit are left out, and said so. */
export function table(rows: readonly (readonly string[])[]): TableBlock {
  const kept: string[][] = [];
  let size = 0;
  for (const row of rows) {
    const cells = row.map((cell) => cut(cell || '–', 300));
    size += cells.join('').length;
    if (kept.length === limits.tableRows - 1 || size > limits.tableText - 200) {
      kept.push([`… ${rows.length - kept.length} more`, ...cells.slice(1).map(() => ' ')]);
      break;
    }
    kept.push(cells);
  }
  return { type: 'table', rows: kept.map((row) => row.map((text) => ({ type: 'raw_text', text }))) };
}

export interface ButtonSpec {
  readonly text: string;
  /** Names the handler; facts come from our own rows, found by the opaque `value`. */
  readonly action: string;
  readonly value?: string;
  readonly url?: string;
  readonly danger?: { readonly title: string; readonly text: string; readonly yes: string; readonly no: string };
}

/** At most three buttons; none gives no block. */
export function buttons(list: readonly ButtonSpec[]): ActionsBlock[] {
  if (list.length === 0) return [];
  return [{ type: 'actions', elements: list.slice(0, limits.buttons).map(button) }];
}

function button({ text, action, value, url, danger }: ButtonSpec): Button {
  const plain = (words: string, limit: number) => ({ type: 'plain_text' as const, text: cut(words, limit) });
  return {
    type: 'button',
    text: plain(text, limits.button),
    action_id: action,
    ...(value !== undefined && { value }),
    ...(url !== undefined && { url }),
    ...(danger && {
      style: 'danger' as const,
      confirm: {
        title: plain(danger.title, limits.confirmTitle),
        text: plain(danger.text, limits.confirmText),
        confirm: plain(danger.yes, limits.confirmButton),
        deny: plain(danger.no, limits.confirmButton),
        style: 'danger' as const,
      },
    }),
  };
}

/** A message of one sentence, with what explains it. */
export function say(text: string, blocks: readonly KnownBlock[] = [], color?: Message['color']): Message {
  return withinLimits({ text, blocks: [headline(text), ...blocks], ...(color && { color }) });
}

/** Cuts what is over Slack's limits for a whole message: blocks from the middle, then the longest texts. */
export function withinLimits(message: Message): Message {
  const { blocks } = message;
  const kept = structuredClone(
    blocks.length <= limits.blocks ? [...blocks] : [...blocks.slice(0, limits.blocks - 1), blocks.at(-1)!],
  );
  for (let round = 0; round < 200; round++) {
    const texts = leaves(kept);
    const over = texts.reduce((sum, leaf) => sum + leaf.text.length, 0) - limits.allText;
    if (over <= 0) break;
    const longest = texts.reduce((a, b) => (b.text.length > a.text.length ? b : a));
    longest.text = cut(longest.text, Math.max(20, longest.text.length - over - 1));
  }
  return { ...message, text: cut(message.text, limits.text), blocks: kept };
}

/** The form without special blocks, for a workspace that does not know one of them yet. */
export function plain(message: Message, lines: readonly string[] = []): Message {
  return { text: message.text, blocks: [paragraph(message.text), ...(lines.length > 0 ? [preformatted(lines)] : [])] };
}

function leaves(value: unknown, found: { text: string }[] = []): { text: string }[] {
  if (Array.isArray(value)) for (const item of value) leaves(item, found);
  else if (typeof value === 'object' && value !== null) {
    if (typeof (value as { text?: unknown }).text === 'string') found.push(value as { text: string });
    for (const item of Object.values(value)) leaves(item, found);
  }
  return found;
}

function rich(elements: RichTextBlock['elements']): RichTextBlock {
  return { type: 'rich_text', elements };
}
