import { useEffect, useRef, useState } from 'preact/hooks';
import { Blocks } from './blocks.js';
import { closeView, submitView } from './chat.js';
import { useForm } from './form.js';
import { html } from './html.js';
import { view } from './state.js';

export function ModalDialog() {
  const open = view.value;
  return open ? html`<${Modal} key=${open.id} view=${open} />` : null;
}

function Modal({ view: shown }) {
  const dialog = useRef();
  const [errors, setErrors] = useState({});
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const form = useForm(shown.blocks, errors);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    const answer = await submitView(form.values()).catch((error) => ({ ok: false, error: error.message }));
    setBusy(false);
    setErrors(answer.errors ?? {});
    if (answer.ok === false) setProblem('We had some trouble connecting. Try again?');
  };
  return html`<dialog ref=${dialog} aria-labelledby="modal-title" onCancel=${(event) => {
    event.preventDefault();
    void closeView();
  }}>
    <form onSubmit=${submit} novalidate>
      <header id="modal-title">${shown.title.text}</header>
      <div class="inside">
        <${Blocks} blocks=${shown.blocks} place=${{ view: shown.id }} form=${form} />
        ${problem && html`<div class="error" role="alert">${problem}</div>`}
      </div>
      <footer>
        <button type="button" class="btn" onClick=${() => void closeView()}>${shown.close?.text ?? 'Cancel'}</button>
        ${shown.submit && html`<button type="submit" class="btn solid" disabled=${busy}>${shown.submit.text}</button>`}
      </footer>
    </form>
  </dialog>`;
}
