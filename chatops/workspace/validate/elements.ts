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

const id = may(string(255));
const confirm = object({
  title: must(text('plain', 100)),
  text: must(text('any', 300)),
  confirm: must(text('plain', 30)),
  deny: must(text('plain', 30)),
  style: may(oneOf('primary', 'danger')),
});
const option = object({
  text: must(text('any', 75)),
  value: must(string(150)),
  description: may(text('any', 75)),
  url: may(link),
});
const options = (min: number, max: number): Rule => list(option, { min, max });
const groups = list(object({ label: must(text('plain', 75)), options: must(options(1, 100)) }), { min: 1, max: 100 });
const placeholder = may(text('plain', 150));
const common = { action_id: id, confirm: may(confirm), focus_on_load: may(flag), placeholder };

const button = object({
  text: must(text('plain', 75)),
  action_id: id,
  url: may(link),
  value: may(string(2000)),
  style: may(oneOf('primary', 'danger')),
  confirm: may(confirm),
  accessibility_label: may(string(75)),
});
const staticSelect = all(
  object({ ...common, options: may(options(1, 100)), option_groups: may(groups), initial_option: may(option) }),
  needs('options', 'option_groups'),
);
const anySelect = object({ ...common, min_query_length: may(whole(0, 3000)), max_selected_items: may(whole(1, 1000)) });
const picture = all(
  object({ alt_text: must(string(2000)), image_url: may(link), slack_file: may(anything) }),
  needs('image_url', 'slack_file'),
);
const dated = object(common);

/** Elements a person acts on, by type. */
const interactive: Readonly<Record<string, Rule>> = {
  button,
  workflow_button: object({ text: must(text('plain', 75)), workflow: must(anything) }),
  static_select: staticSelect,
  multi_static_select: staticSelect,
  external_select: anySelect,
  multi_external_select: anySelect,
  users_select: anySelect,
  multi_users_select: anySelect,
  conversations_select: anySelect,
  multi_conversations_select: anySelect,
  channels_select: anySelect,
  multi_channels_select: anySelect,
  overflow: object({ action_id: id, options: must(options(1, 5)), confirm: may(confirm) }),
  radio_buttons: object({ ...common, options: must(options(1, 10)) }),
  checkboxes: object({ ...common, options: must(options(1, 10)) }),
  datepicker: dated,
  timepicker: dated,
  datetimepicker: dated,
};

const inputs: Readonly<Record<string, Rule>> = {
  plain_text_input: object({
    ...common,
    min_length: may(whole(0, 3000)),
    max_length: may(whole(1, 3000)),
    initial_value: may(string(3000)),
    multiline: may(flag),
  }),
  rich_text_input: object(common),
  email_text_input: object(common),
  url_text_input: object(common),
  number_input: object({ ...common, is_decimal_allowed: must(flag) }),
  file_input: object({ action_id: id, max_files: may(whole(1, 10)) }),
};

const feedback = object({
  text: must(text('plain', 75)),
  value: must(string(2000)),
  accessibility_label: may(string(75)),
});

export const inActions = all(
  list(byType({ ...interactive, rich_text_input: object(common) }), { min: 1, max: 25 }),
  unique('action_id'),
);
export const inSection = byType({ ...interactive, image: picture });
export const inContext = list(byType({ image: picture, plain_text: text('plain', 3000), mrkdwn: text('any', 3000) }), {
  min: 1,
  max: 10,
});
const { button: _button, overflow: _overflow, workflow_button: _workflow, ...choosers } = interactive;
export const inInput = byType({ ...choosers, ...inputs });
export const inContextActions = list(
  byType({
    feedback_buttons: object({ action_id: id, positive_button: must(feedback), negative_button: must(feedback) }),
    icon_button: object({
      action_id: id,
      icon: must(string(100)),
      text: must(text('plain', 75)),
      value: may(string(2000)),
    }),
  }),
  { min: 1, max: 5 },
);
export const buttons = (max: number): Rule => list(byType({ button }), { max });
export const image = picture;
