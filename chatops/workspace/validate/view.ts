import { SlackFailure } from '../failure';
import { isObject, type Json } from '../json';
import { blockList } from './blocks';
import { createReport, flag, may, must, object, string, text } from './check';
import { refuseInvalid } from './message';

const MOST_BYTES = 250_000;
const shared = { private_metadata: may(string(3000)), callback_id: may(string(255)), external_id: may(string(255)) };
const modal = object({
  ...shared,
  title: must(text('plain', 24)),
  submit: may(text('plain', 24)),
  close: may(text('plain', 24)),
  clear_on_close: may(flag),
  notify_on_close: may(flag),
  blocks: must(blockList('modal', 1)),
});
const home = object({ ...shared, blocks: must(blockList('home')) });

/** @throws SlackFailure `invalid_arguments` (with pointers) or `view_too_large` */
export function readView(value: unknown, kind: 'modal' | 'home'): Json {
  if (!isObject(value))
    throw new SlackFailure('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] missing required field: view [json-pointer:/view]'] },
    });
  const report = createReport();
  if (value['type'] !== kind) report.add('/view/type', `must be ${kind}`);
  (kind === 'modal' ? modal : home)(value, '/view', report);
  const inputs = Array.isArray(value['blocks']) && value['blocks'].some((block: Json) => block?.['type'] === 'input');
  if (kind === 'modal' && inputs && value['submit'] === undefined)
    report.add('/view', 'missing required field: submit (the view has an input block)');
  refuseInvalid(report.problems, 'invalid_arguments');
  if (JSON.stringify(value).length > MOST_BYTES) throw new SlackFailure('view_too_large');
  return value;
}
