import { randomBytes } from 'node:crypto';
import { isObject, type Json } from './json';

/** Slack names every block and element that its author left without an id; buttons are found by these names. */
export function nameBlocks(blocks: readonly Json[] | undefined): readonly Json[] | undefined {
  return blocks?.map((block) => {
    const named: Record<string, unknown> = { ...block, block_id: block['block_id'] ?? shortId() };
    if (block['type'] === 'actions' && Array.isArray(block['elements']))
      named['elements'] = block['elements'].map(nameElement);
    if (isObject(block['accessory'])) named['accessory'] = nameElement(block['accessory']);
    if (isObject(block['element'])) named['element'] = nameElement(block['element']);
    return named;
  });
}

function nameElement(element: Json): Json {
  return element['type'] === 'image' ? element : { ...element, action_id: element['action_id'] ?? shortId() };
}

/** The interactive element that a person acted on, or undefined when the message has none of that name. */
export function findElement(blocks: unknown, blockId: unknown, actionId: unknown): Json | undefined {
  if (!Array.isArray(blocks)) return undefined;
  const block = (blocks as Json[]).find((candidate) => candidate['block_id'] === blockId);
  const elements = [
    block?.['accessory'],
    block?.['element'],
    ...(Array.isArray(block?.['elements']) ? block['elements'] : []),
  ];
  return elements.filter(isObject).find((element) => element['action_id'] === actionId);
}

function shortId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}
