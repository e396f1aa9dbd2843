import type { KnownBlock } from '@slack/types';
import { operation, release, T0 } from '../../test/fleet-double';
import type { Message } from './message';
import { headSentence, operationMessage, squares } from './operation-message';

const later = (ms: number) => new Date(T0.getTime() + ms);
const view = (changes: Parameters<typeof operation>[0], more: object = {}) =>
  operationMessage({
    operation: operation(changes),
    from: release('bot', 41),
    to: release('bot', 42),
    publicUrl: 'http://localhost:4400',
    now: later(3_000),
    ...more,
  });

/** The message as a person reads it: one line for each thing shown. */
function read({ blocks }: Message): string[] {
  return blocks.flatMap((block: KnownBlock): string[] => {
    if (block.type === 'rich_text')
      return block.elements.flatMap((element) =>
        'elements' in element ? element.elements.map((leaf) => ('text' in leaf ? String(leaf.text) : '')) : [],
      );
    if (block.type === 'section') return block.fields?.map((field) => field.text) ?? [block.text?.text ?? ''];
    if (block.type === 'actions')
      return [
        block.elements.map((element) => ('text' in element && element.text ? `[${element.text.text}]` : '')).join(' '),
      ];
    return [];
  });
}

test('planned: about to start', () => {
  expect(read(view({}))).toEqual([
    'bot 42 is about to start in stage',
    'From: *release 41 9f2c1e0*',
    'To: *release 42 c07d9a4*',
    'Change: “Ask fewer placement items” by Alice',
    'Left: *not known yet*',
    'waiting to begin',
    '[Show log]',
  ]);
});

test('running: on how many instances, what it does, and how long it will take', () => {
  const message = view(
    { state: 'running', phase: 'starting on host-2', progress: { done: 4, total: 6 }, traceId: 'a'.repeat(32) },
    { usualMs: 5_000 },
  );
  expect(message.text).toBe('bot 42 is on 4 of 6 instances in stage');
  expect(message.color).toBe('busy');
  expect(read(message)).toEqual([
    'bot 42 is on 4 of 6 instances in stage',
    'From: *release 41 9f2c1e0*',
    'To: *release 42 c07d9a4*',
    'Change: “Ask fewer placement items” by Alice',
    'Left: *about 2.0 s*',
    '🟩🟩🟩🟩🟦⬜ 4 of 6, starting on host-2',
    '[Show log] [Open trace]',
  ]);
});

test('done: serves, how long it took, and the way back', () => {
  const message = view({
    state: 'done',
    progress: { done: 6, total: 6 },
    finishedAt: later(2_400),
    traceId: 'a'.repeat(32),
  });
  expect(message.color).toBe('good');
  expect(read(message)).toEqual([
    'bot 42 serves in stage.',
    'From: *release 41 9f2c1e0*',
    'To: *release 42 c07d9a4*',
    'Change: “Ask fewer placement items” by Alice',
    'Took: *2.4 s*',
    '[Show log] [Open trace] [Roll back to 41]',
  ]);
  const actions = message.blocks.at(-1) as {
    elements: { style?: string; value?: string; confirm?: { text: { text: string } } }[];
  };
  expect(actions.elements[2]).toMatchObject({
    style: 'danger',
    value: '812',
    confirm: { text: { text: 'bot in stage goes from release 42 back to release 41, with its own configuration.' } },
  });
});

test('undone: why, who asked, how long it took, and the log that explains it', () => {
  const message = view({
    state: 'undone',
    reason: 'never became healthy (60 s)',
    logTail: ['Error: MESSENGER_APP_SECRET is required', '    at readConfig (config.ts:41)'],
    finishedAt: later(69_000),
  });
  expect(message.color).toBe('bad');
  expect(read(message)).toEqual([
    'bot 42 was undone in stage. Release 41 serves again.',
    'Why: never became healthy (60 s)',
    'Asked by: alice',
    'Took: *1 min 9 s*',
    'Change: “Ask fewer placement items” by Alice',
    'Error: MESSENGER_APP_SECRET is required\n    at readConfig (config.ts:41)',
    '[Show log]',
  ]);
});

test.each([
  [{ state: 'planned', kind: 'rollback', to: 41 }, 'bot is about to go back to 41 in stage'],
  [{ state: 'running' }, 'bot 42 is being prepared in stage'],
  [{ state: 'running', progress: { done: 0, total: 1 } }, 'bot 42 is on 0 of 1 instance in stage'],
  [{ state: 'undoing' }, 'bot 42 is being undone in stage. Release 41 stays.'],
  [{ state: 'undoing', from: undefined }, 'bot 42 is being undone in stage. Nothing served there before.'],
  [{ state: 'done', kind: 'rollback', from: 42, to: 41 }, 'bot is back on 41 in stage.'],
  [{ state: 'undone', from: undefined }, 'bot 42 was undone in stage. Nothing serves there, as before.'],
  [{ state: 'failed' }, 'bot 42 failed in stage and could not be undone. Someone has to look.'],
] as const)('%j is told as %j', (changes, sentence) => {
  expect(headSentence(operation(changes))).toBe(sentence);
});

test('no way back is offered from a rollback, from the first release, or when another operation came after', () => {
  const shown = (changes: object, more = {}) => read(view({ state: 'done', finishedAt: T0, ...changes }, more)).at(-1);
  expect(shown({ kind: 'rollback' })).toBe('[Show log]');
  expect(shown({ from: undefined })).toBe('[Show log]');
  expect(shown({}, { superseded: true })).toBe('[Show log]');
});

test('what others wrote is never markup: a commit title can not ring phones', () => {
  const message = view(
    { reason: '<!channel> *bold* <https://evil|click>', state: 'undone', requestedBy: '<@U1>' },
    { to: release('bot', 42, { subject: '<!channel> & *all*' }) },
  );
  for (const block of message.blocks) {
    if (block.type !== 'section') continue;
    for (const field of [...(block.fields ?? []), ...(block.text ? [block.text] : [])])
      if (field.type === 'mrkdwn') expect(field.text).not.toMatch(/<|channel|all/);
  }
});

test('releases between are counted', () => {
  expect(read(view({ from: 38 }))).toContain('Change: “Ask fewer placement items” by Alice and 3 releases between');
});

test('at most eight blocks, for phones', () => {
  expect(
    view({ state: 'undone', reason: 'x', logTail: Array.from({ length: 200 }, () => 'y'.repeat(500)) }).blocks.length,
  ).toBeLessThanOrEqual(8);
});

test.each([
  [{ done: 0, total: 2 }, true, '🟦⬜'],
  [{ done: 2, total: 2 }, true, '🟩🟩'],
  [{ done: 1, total: 3 }, false, '🟩⬜⬜'],
  [{ done: 50, total: 100 }, true, '🟩🟩🟩🟩🟩🟦⬜⬜⬜⬜'],
  [{ done: 99, total: 100 }, true, '🟩🟩🟩🟩🟩🟩🟩🟩🟩🟦'],
])('%j is drawn in ten squares at most', (progress, working, expected) => {
  expect(squares(progress, working)).toBe(expected);
});
