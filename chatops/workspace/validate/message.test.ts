import { SlackFailure } from '../failure';
import type { Json } from '../json';
import { readContent } from './message';
import { readView } from './view';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const button = (more: Json = {}) => ({ type: 'button', action_id: 'a', text: plain('Go'), ...more });
const actions = (...elements: Json[]) => ({ type: 'actions', elements });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const option = (index: number) => ({ text: plain(`o${index}`), value: String(index) });
const confirm = { title: plain('Sure?'), text: mrkdwn('It goes.'), confirm: plain('Yes'), deny: plain('No') };
const rich = (...elements: Json[]) => ({ type: 'rich_text', elements });

function refusal(run: () => unknown): SlackFailure | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof SlackFailure) return error;
    throw error;
  }
}

test.each<[string, Json]>([
  ['a section at 3,000 characters', section('x'.repeat(3000))],
  ['an emoji counts as one character', { type: 'header', text: plain('🚀'.repeat(150)) }],
  ['ten fields', { type: 'section', fields: many(10, () => mrkdwn('x')) }],
  ['25 buttons', actions(...many(25, (index) => button({ action_id: `a${index}` })))],
  ['a danger button with a question', actions(button({ style: 'danger', confirm, value: 'x'.repeat(2000) }))],
  ['a select of 100', actions({ type: 'static_select', action_id: 's', options: many(100, option) })],
  [
    'context of pictures and words',
    {
      type: 'context',
      elements: [{ type: 'image', image_url: 'https://x.example/a.png', alt_text: 'a' }, mrkdwn('b')],
    },
  ],
  [
    'rich text',
    rich(
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: 'a', style: { bold: true } },
          { type: 'link', url: 'https://x.example' },
        ],
      },
      { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'b' }] },
    ),
  ],
  ['markdown', { type: 'markdown', text: '**a**' }],
  ['a table', { type: 'table', rows: [[{ type: 'raw_text', text: 'a' }], [{ type: 'raw_text', text: 'b' }]] }],
  [
    'a plan with a pending task',
    { type: 'plan', title: 'p', tasks: [{ task_id: '1', title: 't', status: 'pending' }] },
  ],
])('%s is a valid block', (_name, block) => {
  expect(refusal(() => readContent({ blocks: [block] }, 'cut'))?.details).toBeUndefined();
});

test.each<[string, unknown[], string]>([
  ['51 blocks', many(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
  ['an unknown type', [{ type: 'marquee' }], 'unsupported type: marquee [json-pointer:/blocks/0/type]'],
  ['a name every object has', [{ type: 'constructor' }], 'unsupported type: constructor [json-pointer:/blocks/0/type]'],
  [
    'a long section',
    [section('x'.repeat(3001))],
    'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
  ],
  ['an empty section', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
  ['a section of nothing', [{ type: 'section' }], 'missing required field: text or fields [json-pointer:/blocks/0]'],
  [
    'eleven fields',
    [{ type: 'section', fields: many(11, () => plain('x')) }],
    'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
  ],
  [
    'mrkdwn in a header',
    [{ type: 'header', text: mrkdwn('x') }],
    'must be one of: plain_text [json-pointer:/blocks/0/text/type]',
  ],
  [
    '26 elements',
    [actions(...many(26, (index) => button({ action_id: `a${index}` })))],
    'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
  ],
  [
    'two buttons of one name',
    [actions(button(), button())],
    '`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]',
  ],
  [
    'two blocks of one name',
    [
      { type: 'divider', block_id: 'b' },
      { type: 'divider', block_id: 'b' },
    ],
    '`block_id` b already exists [json-pointer:/blocks/1/block_id]',
  ],
  [
    'a long label',
    [actions(button({ text: plain('x'.repeat(76)) }))],
    'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
  ],
  [
    'a green button',
    [actions(button({ style: 'green' }))],
    'must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]',
  ],
  [
    'a long question',
    [actions(button({ confirm: { ...confirm, text: plain('x'.repeat(301)) } }))],
    'must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]',
  ],
  [
    '101 options',
    [actions({ type: 'static_select', action_id: 's', options: many(101, option) })],
    'no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]',
  ],
  [
    'an image without words',
    [{ type: 'image', image_url: 'https://x.example/a.png' }],
    'missing required field: alt_text [json-pointer:/blocks/0]',
  ],
  ['a modal’s alert', [{ type: 'alert', text: plain('x') }], 'unsupported type: alert [json-pointer:/blocks/0/type]'],
  [
    'a lone task that waits',
    [{ type: 'task_card', task_id: '1', title: 't', status: 'pending' }],
    'must be one of: in_progress, complete, error [json-pointer:/blocks/0/status]',
  ],
  [
    'two tables',
    many(2, () => ({ type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] })),
    'only_one_table_allowed [json-pointer:/blocks]',
  ],
  [
    'an empty text in rich text',
    [rich({ type: 'rich_text_section', elements: [{ type: 'text', text: '' }] })],
    'must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]',
  ],
])('%s is refused with its place', (_name, blocks, problem) => {
  const failure = refusal(() => readContent({ blocks }, 'cut'));
  expect(failure?.error).toBe('invalid_blocks');
  expect(failure?.details['errors']).toContain(problem);
  expect(failure?.details['response_metadata']).toMatchObject({
    messages: expect.arrayContaining([`[ERROR] ${problem}`]),
  });
});

test.each<[string, Json, string]>([
  ['all blocks together too long', { blocks: many(5, () => section('x'.repeat(2900))) }, 'msg_blocks_too_long'],
  ['101 attachments', { attachments: many(101, () => ({ text: 'x' })) }, 'too_many_attachments'],
  ['metadata that is a word', { text: 'x', metadata: 'x' }, 'invalid_metadata_format'],
  ['metadata without its type', { text: 'x', metadata: { event_payload: {} } }, 'invalid_metadata_schema'],
  ['markdown beside text', { text: 'x', markdown_text: '*x*' }, 'markdown_text_conflict'],
])('%s: %s', (_name, args, error) => {
  expect(refusal(() => readContent(args, 'cut'))?.error).toBe(error);
});

test('a text of a new message is cut at 40,000 characters, one of an edit is refused', () => {
  const args = { text: 'x'.repeat(40_001) };
  expect(readContent(args, 'cut').text).toHaveLength(40_000);
  expect(refusal(() => readContent(args, 'refuse'))?.error).toBe('msg_too_long');
});

const input = { type: 'input', label: plain('Why'), element: { type: 'plain_text_input', action_id: 't' } };
test.each<[string, Json, string]>([
  ['a long title', { title: plain('x'.repeat(25)) }, 'must be less than 25 characters [json-pointer:/view/title/text]'],
  ['no block', { blocks: [] }, 'no less than 1 items allowed [json-pointer:/view/blocks]'],
  [
    'an input nobody can submit',
    { blocks: [input] },
    'missing required field: submit (the view has an input block) [json-pointer:/view]',
  ],
  [
    'markdown',
    { blocks: [{ type: 'markdown', text: 'x' }] },
    'unsupported type: markdown [json-pointer:/view/blocks/0/type]',
  ],
  [
    'a long private_metadata',
    { private_metadata: 'x'.repeat(3001) },
    'must be less than 3001 characters [json-pointer:/view/private_metadata]',
  ],
])('a modal with %s is refused', (_name, changes, problem) => {
  const view = { type: 'modal', title: plain('Plan'), blocks: [section('x')] };
  expect(refusal(() => readView(view, 'modal'))).toBeUndefined();
  const failure = refusal(() => readView({ ...view, ...changes }, 'modal'));
  expect(failure?.error).toBe('invalid_arguments');
  expect(failure?.details['response_metadata']).toEqual({ messages: [`[ERROR] ${problem}`] });
});
