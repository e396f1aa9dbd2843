import { SlackFailure } from '../failure';
import { isObject, type Json } from '../json';
import { blockList } from './blocks';
import { createReport } from './check';

const MOST_TEXT = 40_000;
/** Not documented; measured on Slack at about this sum of characters in all blocks. */
const MOST_BLOCK_TEXT = 13_200;
const messageBlocks = blockList('message');

export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly Json[] | undefined;
  readonly attachments: readonly Json[] | undefined;
  readonly metadata: Json | undefined;
}

/**
 * What a message may hold.
 * @throws SlackFailure `no_text`, `invalid_blocks_format`, `invalid_blocks` (with pointers), `msg_blocks_too_long`,
 * `too_many_attachments`, `invalid_attachments`, `invalid_metadata_format`, `markdown_text_conflict`, and `msg_too_long` where the text is not cut
 */
export function readContent(args: Json, longText: 'cut' | 'refuse'): MessageContent {
  const blocks = withMarkdown(args, readBlocks(args['blocks']));
  const attachments = readAttachments(args['attachments']);
  const text = typeof args['text'] === 'string' ? args['text'] : '';
  if (text === '' && !blocks?.length && !attachments?.length) throw new SlackFailure('no_text');
  if (longText === 'refuse' && text.length > MOST_TEXT) throw new SlackFailure('msg_too_long');
  return { text: text.slice(0, MOST_TEXT), blocks, attachments, metadata: readMetadata(args['metadata']) };
}

export function refuseInvalid(problems: readonly string[], error = 'invalid_blocks'): void {
  if (problems.length === 0) return;
  throw new SlackFailure(error, {
    errors: problems,
    response_metadata: { messages: problems.map((problem) => `[ERROR] ${problem}`) },
  });
}

function readBlocks(value: unknown): readonly Json[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((block) => !isObject(block))) throw new SlackFailure('invalid_blocks_format');
  const report = createReport();
  messageBlocks(value, '/blocks', report);
  for (const type of ['table', 'data_table']) {
    if (value.filter((block: Json) => block['type'] === type).length > 1)
      report.add('/blocks', 'only_one_table_allowed');
  }
  refuseInvalid(report.problems);
  if (charactersOf(value) > MOST_BLOCK_TEXT) throw new SlackFailure('msg_blocks_too_long');
  return value as Json[];
}

function withMarkdown(args: Json, blocks: readonly Json[] | undefined): readonly Json[] | undefined {
  const markdown = args['markdown_text'];
  if (typeof markdown !== 'string' || markdown === '') return blocks;
  if (blocks !== undefined || args['text'] !== undefined) throw new SlackFailure('markdown_text_conflict');
  if (markdown.length > 12_000) throw new SlackFailure('msg_too_long');
  return [{ type: 'markdown', text: markdown }];
}

function readAttachments(value: unknown): readonly Json[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((attachment) => !isObject(attachment)))
    throw new SlackFailure('invalid_attachments');
  if (value.length > 100) throw new SlackFailure('too_many_attachments');
  const report = createReport();
  for (const [index, attachment] of (value as Json[]).entries()) {
    if (attachment['blocks'] !== undefined) messageBlocks(attachment['blocks'], `/attachments/${index}/blocks`, report);
  }
  refuseInvalid(report.problems, 'invalid_attachments');
  return value as Json[];
}

function readMetadata(value: unknown): Json | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new SlackFailure('invalid_metadata_format');
  if (Object.keys(value).length === 0) return {};
  if (typeof value['event_type'] !== 'string' || !isObject(value['event_payload']))
    throw new SlackFailure('invalid_metadata_schema');
  return value;
}

/** All `text` and `value`-less strings a person would read. */
function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + charactersOf(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, inner]) => sum + (name === 'text' && typeof inner === 'string' ? inner.length : charactersOf(inner)),
    0,
  );
}
