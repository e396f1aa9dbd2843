import {
  all,
  anything,
  byType,
  flag,
  link,
  list,
  may,
  must,
  needs,
  object,
  oneOf,
  type Rule,
  string,
  text,
  unique,
  whole,
} from './check';
import { buttons, image, inActions, inContext, inContextActions, inInput, inSection } from './elements';
import { richText } from './rich-text';

export type Surface = 'message' | 'modal' | 'home';

const blockId = { block_id: may(string(255)) };
const cell = byType({
  raw_text: object({ text: must(string(20_000)) }),
  raw_number: object({ value: must(anything) }),
  rich_text: richText,
  action_cell: anything,
});
const taskCard = object({
  task_id: must(string(255, 1)),
  title: must(string(500, 1)),
  status: may(oneOf('pending', 'in_progress', 'complete', 'error')),
  details: may(richText),
  output: may(richText),
  sources: may(list(object({ type: must(oneOf('url')), url: must(link), text: must(string(500)) }), { max: 50 })),
});
/** Alone, a task has begun: `pending` exists only inside a plan. */
const loneTask: Rule = all(taskCard, object({ status: may(oneOf('in_progress', 'complete', 'error')) }));

const everywhere: Readonly<Record<string, Rule>> = {
  section: all(
    object({
      ...blockId,
      text: may(text('any', 3000)),
      fields: may(list(text('any', 2000), { min: 1, max: 10 })),
      accessory: may(inSection),
      expand: may(flag),
    }),
    needs('text', 'fields'),
  ),
  header: object({ ...blockId, text: must(text('plain', 150)) }),
  divider: object(blockId),
  actions: object({ ...blockId, elements: must(inActions) }),
  context: object({ ...blockId, elements: must(inContext) }),
  image: all(image, object({ ...blockId, title: may(text('plain', 2000)) })),
  input: object({
    ...blockId,
    label: must(text('plain', 2000)),
    element: must(inInput),
    hint: may(text('plain', 2000)),
    optional: may(flag),
    dispatch_action: may(flag),
  }),
  rich_text: all(object(blockId), richText),
  video: object({
    ...blockId,
    alt_text: must(string(2000)),
    title: must(text('plain', 200)),
    thumbnail_url: must(link),
    video_url: must(link),
  }),
};

const inMessages: Readonly<Record<string, Rule>> = {
  markdown: object({ ...blockId, text: must(string(12_000, 1)) }),
  table: object({
    ...blockId,
    rows: must(list(list(cell, { min: 1, max: 20 }), { min: 1, max: 100 })),
    column_settings: may(list(anything, { max: 20 })),
  }),
  data_table: object({
    ...blockId,
    rows: must(list(list(cell, { min: 1, max: 20 }), { min: 2, max: 201 })),
    page_size: may(whole(1, 100)),
    caption: may(string(150)),
  }),
  data_visualization: object({ ...blockId, title: must(string(50, 1)), chart: must(anything) }),
  context_actions: object({ ...blockId, elements: must(inContextActions) }),
  plan: object({ ...blockId, title: must(string(500, 1)), tasks: may(list(taskCard, { max: 50 })) }),
  task_card: all(object(blockId), loneTask),
  card: object({ ...blockId, title: may(text('any', 150)), body: may(text('any', 200)), actions: may(buttons(3)) }),
  carousel: object({ ...blockId, elements: must(list(anything, { min: 1, max: 10 })) }),
  file: object({ ...blockId, external_id: must(string(255)), source: must(string(50)) }),
};
const container = (children: Readonly<Record<string, Rule>>): Rule =>
  object({
    ...blockId,
    title: may(text('any', 150)),
    child_blocks: must(list(byType(children), { min: 1, max: 10 })),
    collapsible: may(flag),
  });

const alert = object({
  ...blockId,
  text: must(text('any', 200)),
  level: may(oneOf('default', 'info', 'warning', 'error', 'success')),
});

const surfaces: Record<Surface, Rule> = {
  message: byType({ ...everywhere, ...inMessages, container: container({ ...everywhere, ...inMessages }) }),
  modal: byType({ ...everywhere, alert, context_actions: inMessages['context_actions'] ?? anything }),
  home: byType({ ...everywhere, table: inMessages['table'] ?? anything, container: container(everywhere) }),
};

/** Every block of a surface, with its bounds: 50 in a message, 100 in a view. */
export function blockList(surface: Surface, min = 0): Rule {
  return all(list(surfaces[surface], { min, max: surface === 'message' ? 50 : 100 }), unique('block_id'));
}
