import { useRef } from 'preact/hooks';

/** State of the inputs of a message or modal, as Slack sends it: `values[block_id][action_id]`. */
export function useForm(blocks, errors = undefined) {
  const values = useRef(undefined);
  values.current ??= initial(blocks);
  return {
    errors,
    values: () => values.current,
    set: (blockId, actionId, value) => {
      values.current = { ...values.current, [blockId]: { ...values.current[blockId], [actionId]: value } };
    },
  };
}

function initial(blocks) {
  const values = {};
  for (const block of blocks ?? []) {
    const elements = [block.element, block.accessory, ...(block.type === 'actions' ? block.elements : [])];
    for (const element of elements) {
      const value = element && initialOf(element);
      if (value)
        values[block.block_id] = { ...values[block.block_id], [element.action_id]: { type: element.type, ...value } };
    }
  }
  return values;
}

function initialOf(element) {
  if (/_input$/.test(element.type)) return { value: element.initial_value ?? null };
  if (element.type === 'checkboxes') return { selected_options: element.initial_options ?? [] };
  if (element.type === 'datepicker') return { selected_date: element.initial_date ?? null };
  if (element.type === 'timepicker') return { selected_time: element.initial_time ?? null };
  if (element.type === 'radio_buttons' || element.type === 'static_select')
    return { selected_option: element.initial_option ?? null };
  if (element.type === 'users_select') return { selected_user: element.initial_user ?? null };
  return undefined;
}
