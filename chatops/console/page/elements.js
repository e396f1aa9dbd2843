import { useState } from 'preact/hooks';
import { press } from './chat.js';
import { confirmed } from './confirm.js';
import { html } from './html.js';
import { Text } from './prose.js';
import { directory } from './state.js';

/** An element that a person acts on. What it is set to is kept in `form`, by block and action. */
export function Element({ element, block, place, form }) {
  const [state, setState] = useState('');
  const set = (value) => form?.set(block.block_id, element.action_id, { type: element.type, ...value });
  const act = async (chosen) => {
    if (element.confirm && !(await confirmed(element.confirm, element.style))) return;
    setState('busy');
    try {
      await press(place, { blockId: block.block_id, actionId: element.action_id, chosen, state: form?.values() }).then(
        refuse,
      );
      setState('');
    } catch (error) {
      setState(error.message);
    }
  };
  if (element.type === 'image')
    return html`<img src=${element.image_url} alt=${element.alt_text} width="64" height="64" />`;
  const note = state && state !== 'busy' ? html`<span class="error ctx" role="alert">${failure(state)}</span>` : null;
  if (element.type === 'button' || element.type === 'icon_button')
    return html`<${Button} element=${element} act=${act} busy=${state === 'busy'} />${note}`;
  if (element.type === 'feedback_buttons') {
    return html`${[element.positive_button, element.negative_button].map((one) => html`<button type="button" class="btn" onClick=${() => act({ value: one.value, text: one.text })}><${Text} of=${one.text} /></button>`)}${note}`;
  }
  return html`<${Chooser} element=${element} onChosen=${(chosen) => {
    set(chosen);
    void act(chosen);
  }} />${note}`;
}

function Button({ element, act, busy }) {
  const kind = `btn ${element.style ?? ''}`;
  const label = element.accessibility_label;
  if (element.url) {
    const own = element.url.startsWith(`${location.origin}/`);
    return html`<a class=${kind} href=${/^https?:/i.test(element.url) ? element.url : '#'} target=${own ? undefined : '_blank'} rel="noreferrer noopener" aria-label=${label} onClick=${() => void act()}><${Text} of=${element.text} /></a>`;
  }
  return html`<button type="button" class=${kind} disabled=${busy} aria-label=${label} onClick=${() => void act()}><${Text} of=${element.text} /></button>`;
}

/** Selects, radio buttons, checkboxes and dates; calls back with the fields that Slack's state has for them. */
export function Chooser({ element, onChosen, id }) {
  const options = optionsOf(element);
  const label = element.placeholder?.text ?? element.action_id;
  const find = (value) => options.find((option) => option.value === value);
  switch (element.type) {
    case 'radio_buttons':
      return html`<div role="radiogroup">${options.map((option) => html`<label class="choice"><input type="radio" name=${element.action_id} checked=${element.initial_option?.value === option.value} onChange=${() => onChosen({ selected_option: option })} /><span><${Text} of=${option.text} /></span></label>`)}</div>`;
    case 'checkboxes':
      return html`<div>${options.map((option) => html`<label class="choice"><input type="checkbox" value=${option.value} checked=${(element.initial_options ?? []).some(({ value }) => value === option.value)} onChange=${(event) => onChosen({ selected_options: [...event.currentTarget.closest('div').querySelectorAll(':checked')].map((box) => find(box.value)) })} /><span><${Text} of=${option.text} /></span></label>`)}</div>`;
    case 'datepicker':
      return html`<input class="field" type="date" id=${id} aria-label=${label} value=${element.initial_date} onChange=${(event) => onChosen({ selected_date: event.currentTarget.value })} />`;
    case 'timepicker':
      return html`<input class="field" type="time" id=${id} aria-label=${label} value=${element.initial_time} onChange=${(event) => onChosen({ selected_time: event.currentTarget.value })} />`;
    default: {
      const multiple = element.type.startsWith('multi_');
      const initial =
        element.initial_option?.value ??
        element.initial_user ??
        element.initial_conversation ??
        element.initial_channel ??
        '';
      return html`<select class="field" id=${id} aria-label=${label} multiple=${multiple} value=${initial} onChange=${(event) => onChosen(selection(element, [...event.currentTarget.selectedOptions].map((one) => find(one.value)).filter(Boolean)))}>
        ${!multiple && html`<option value="" disabled=${initial !== ''}>${label}</option>`}
        ${options.map((option) => html`<option value=${option.value}>${option.text.text}</option>`)}
      </select>`;
    }
  }
}

function optionsOf(element) {
  const named = (value, text) => ({ value, text: { type: 'plain_text', text } });
  if (element.type.includes('users_select'))
    return directory.value.users.filter(({ isBot }) => !isBot).map(({ id, realName }) => named(id, realName));
  if (element.type.includes('channels_select') || element.type.includes('conversations_select'))
    return directory.value.channels
      .filter(({ kind }) => kind === 'channel')
      .map(({ id, name }) => named(id, `#${name}`));
  return element.options ?? (element.option_groups ?? []).flatMap(({ options }) => options);
}

function selection(element, chosen) {
  const kind = /(user|conversation|channel)s_select$/.exec(element.type)?.[1];
  const values = kind ? chosen.map(({ value }) => value) : chosen;
  const name = `selected_${kind ?? 'option'}`;
  return element.type.startsWith('multi_') ? { [`${name}s`]: values } : { [name]: values[0] ?? null };
}

/** A labelled input of a modal, or of a message. */
export function InputBlock({ block, place, form }) {
  const { element } = block;
  const id = `input-${block.block_id}`;
  const error = form?.errors?.[block.block_id];
  const set = (chosen) => {
    form?.set(block.block_id, element.action_id, { type: element.type, ...chosen });
    if (block.dispatch_action)
      void press(place, { blockId: block.block_id, actionId: element.action_id, chosen, state: form?.values() });
  };
  const common = {
    id,
    class: 'field',
    placeholder: element.placeholder?.text,
    'aria-invalid': error ? 'true' : undefined,
    'aria-describedby': `${id}-note`,
    onInput: (event) => set({ value: event.currentTarget.value }),
  };
  const types = { email_text_input: 'email', url_text_input: 'url', number_input: 'number', plain_text_input: 'text' };
  const field = !(element.type in types)
    ? html`<${Chooser} element=${element} id=${id} onChosen=${set} />`
    : element.multiline
      ? html`<textarea ...${common} rows="4" maxlength=${element.max_length}>${element.initial_value ?? ''}</textarea>`
      : html`<input ...${common} type=${types[element.type]} defaultValue=${element.initial_value ?? ''} maxlength=${element.max_length} />`;
  return html`<div class="input">
    <label class="label" for=${id}>${block.label.text}${block.optional && html` <span class="hint">(optional)</span>`}</label>
    ${field}
    <div id=${`${id}-note`}>${error && html`<div class="error" role="alert">${error}</div>`}${block.hint && html`<div class="hint">${block.hint.text}</div>`}</div>
  </div>`;
}

function refuse(answer) {
  if (answer.ok === false) throw new Error(answer.error);
}

function failure(error) {
  if (error === 'operation_timeout') return 'No answer in 3 s. Try again.';
  if (error === 'dispatch_failed') return 'The app is not connected. Try again in a few seconds.';
  return error;
}
