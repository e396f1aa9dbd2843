/** Messages as the app posts them, in Slack's blocks. */
export const undone = {
  text: 'gateway 17 was undone in stage. Release 16 serves again.',
  blocks: [
    headline('gateway 17 was undone in stage. Release 16 serves again.'),
    facts(['Why: *never became healthy (60 s)*', 'Asked by: *bob*', 'Took: *1 min 9 s*', 'Requests failed: *0*']),
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_preformatted',
          elements: [
            { type: 'text', text: 'Error: MESSENGER_APP_SECRET is required\n    at readConfig (config.ts:41)' },
          ],
        },
      ],
    },
    { type: 'actions', block_id: 'undone', elements: [button('Show log', 'log'), button('Open trace', 'trace')] },
    {
      type: 'context',
      elements: [
        { type: 'plain_text', text: 'Locked for stage until bob or an operator unlocks it: “undone, see log”' },
      ],
    },
  ],
  metadata: { event_type: 'edwin_operation', event_payload: { color: 'bad' } },
};

export function progress(done: number, total: number) {
  const left = total - done;
  const text = left > 0 ? `bot 42 is on ${done} of ${total} instances in stage` : 'bot 42 serves in stage.';
  return {
    text,
    blocks: [
      headline(text),
      facts([
        'From: *release 41* `9f2c1e0`',
        'To: *release 42* `c07d9a4`',
        'Commits: *3*, “Ask fewer placement items”',
        left > 0 ? 'Left: *about 2 s*' : 'Took: *5.2 s*',
      ]),
      ...(left > 0
        ? [
            {
              type: 'section',
              text: { type: 'plain_text', text: `${'🟩'.repeat(done)}🟦${'⬜'.repeat(left - 1)} starting on host-2` },
            },
          ]
        : []),
      {
        type: 'actions',
        block_id: 'progress',
        elements: left > 0 ? [button('Show plan', 'plan'), cancel] : [button('Show plan', 'plan')],
      },
    ],
    metadata: { event_type: 'edwin_operation', event_payload: { color: left > 0 ? 'busy' : 'good' } },
  };
}

export const modal = {
  type: 'modal',
  callback_id: 'plan',
  title: { type: 'plain_text', text: 'Change the plan' },
  submit: { type: 'plain_text', text: 'Save' },
  blocks: [
    {
      type: 'section',
      text: { type: 'mrkdwn', text: '*bot 42* starts six instances on <https://example.com/hosts|three hosts>.' },
    },
    {
      type: 'input',
      block_id: 'why',
      label: { type: 'plain_text', text: 'Why' },
      element: { type: 'plain_text_input', action_id: 'text', multiline: true },
      hint: { type: 'plain_text', text: 'It is written to the audit.' },
    },
    {
      type: 'input',
      block_id: 'how',
      optional: true,
      label: { type: 'plain_text', text: 'How' },
      element: {
        type: 'static_select',
        action_id: 'strategy',
        options: ['rolling', 'canary'].map((value) => ({ text: { type: 'plain_text', text: value }, value })),
      },
    },
  ],
};

function headline(text: string) {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text, style: { bold: true } }] }],
  };
}

function facts(list: readonly string[]) {
  return { type: 'section', fields: list.map((text) => ({ type: 'mrkdwn', text })) };
}

function button(text: string, action_id: string) {
  return { type: 'button', text: { type: 'plain_text', text }, action_id };
}

const plain = (text: string) => ({ type: 'plain_text', text });
const cancel = {
  ...button('Cancel and keep 41', 'cancel'),
  style: 'danger',
  confirm: {
    title: plain('Cancel bot 42 in stage?'),
    text: plain('Release 41 stays on all six instances.'),
    confirm: plain('Cancel and keep 41'),
    deny: plain('Go on'),
    style: 'danger',
  },
};
