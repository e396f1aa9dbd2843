import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { html } from './html.js';
import { Text } from './prose.js';

const asked = signal(undefined);

/** Asks what a confirm object says; true when the person agrees. Escape is a no. */
export function confirmed(confirm, style) {
  return new Promise((resolve) => {
    asked.value = { confirm, style: confirm.style ?? style, resolve };
  });
}

export function ConfirmDialog() {
  const dialog = useRef();
  const question = asked.value;
  useEffect(() => {
    if (question) dialog.current?.showModal();
  }, [question]);
  if (!question) return null;
  const answer = (yes) => {
    asked.value = undefined;
    question.resolve(yes);
  };
  const { confirm, style } = question;
  return html`<dialog ref=${dialog} onClose=${() => answer(false)} aria-labelledby="confirm-title">
    <form method="dialog" onSubmit=${(event) => event.preventDefault()}>
      <header id="confirm-title"><${Text} of=${confirm.title} /></header>
      <div class="inside"><${Text} of=${confirm.text} /></div>
      <footer>
        <button type="button" class="btn" onClick=${() => answer(false)}><${Text} of=${confirm.deny} /></button>
        <button type="button" class=${`btn solid ${style === 'danger' ? 'danger' : ''}`} onClick=${() => answer(true)}><${Text} of=${confirm.confirm} /></button>
      </footer>
    </form>
  </dialog>`;
}
