import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';
import { openThread, send } from './chat.js';
import { html } from './html.js';
import { draft, me, recall, remember } from './state.js';

const KEPT = 50;
const PAUSE_MS = 60;

/** Where one types: whole commands are proposed with what they would do; arrow up brings back what was sent. */
export function Composer({ channel, thread }) {
  const input = useRef();
  const [text, setText] = useState('');
  const [past, setPast] = useState(-1);
  const [refused, setRefused] = useState('');
  const [busy, setBusy] = useState(false);
  const completion = useCompletion(text, past < 0 && !thread);
  const { suggestions, chosen, setChosen, close } = completion;

  useEffect(() => {
    if (!draft.value.text) return;
    setText(draft.value.text);
    setPast(-1);
    input.current.focus();
    draft.value = { text: '', at: 0 };
  }, [draft.value.at]);
  useLayoutEffect(() => {
    const element = input.current;
    element.style.height = '21px';
    element.style.height = `${Math.min(160, element.scrollHeight)}px`;
  }, [text]);

  const submit = async () => {
    const line = text.trim();
    if (line === '' || busy) return;
    setBusy(true);
    setRefused('');
    close();
    const answer = await send(line).catch((error) => ({ ok: false, error: error.message }));
    setBusy(false);
    input.current?.focus();
    // Nothing was done: the text stays, as at Slack.
    if (answer.ok === false) return setRefused(sentence(answer.error));
    const kept = [line, ...history().filter((one) => one !== line)].slice(0, KEPT);
    remember('history', JSON.stringify(kept));
    setPast(-1);
    setText((now) => (now.trim() === line ? '' : now));
  };
  const complete = (index) => {
    setText(`${suggestions[index].value} `);
    input.current.focus();
  };
  const recallPast = (index) => {
    const list = history();
    if (index >= list.length) return;
    setPast(index);
    setText(index < 0 ? '' : list[index]);
  };
  const onKeyDown = (event) => {
    const { key } = event;
    const open = suggestions.length > 0;
    const act = (run) => {
      event.preventDefault();
      run();
    };
    if (event.isComposing) return;
    if (key === 'Enter' && !event.shiftKey) act(() => (open && chosen >= 0 ? complete(chosen) : void submit()));
    else if (key === 'Tab' && open && !event.shiftKey) act(() => complete(Math.max(0, chosen)));
    else if (key === 'Escape') {
      if (open) act(close);
      else if (thread) act(() => openThread(undefined));
      else input.current.blur();
    } else if (open && key === 'ArrowDown') act(() => setChosen((chosen + 1) % suggestions.length));
    else if (open && key === 'ArrowUp') act(() => setChosen(chosen <= 0 ? suggestions.length - 1 : chosen - 1));
    else if (key === 'ArrowUp' && (text === '' || past >= 0)) act(() => recallPast(past + 1));
    else if (key === 'ArrowDown' && past >= 0) act(() => recallPast(past - 1));
  };
  return html`<div class="composer">
    ${
      suggestions.length > 0 &&
      html`<div class="pop" role="listbox" id="completions" aria-label="Commands">
      ${suggestions.map(({ value, hint }, index) => html`<div role="option" id=${`completion-${index}`} aria-selected=${index === chosen || (chosen < 0 && index === 0) ? 'true' : 'false'} onMouseDown=${(event) => event.preventDefault()} onClick=${() => complete(index)}><b>${value}</b><span>${hint}</span></div>`)}
    </div>`
    }
    <div class="box">
      <textarea ref=${input} id="composer" rows="1" value=${text} spellcheck="false" autocomplete="off" autocapitalize="off" role="combobox" aria-expanded=${suggestions.length > 0} aria-controls="completions" aria-autocomplete="list"
        aria-activedescendant=${suggestions.length > 0 ? `completion-${Math.max(0, chosen)}` : undefined} aria-label=${thread ? 'Reply in the thread' : 'Message or command'}
        placeholder=${thread ? 'Reply, or @edwin what to do' : channel.kind === 'im' ? 'Message Edwin' : 'Message, or / for commands'}
        onInput=${(event) => {
          setText(event.currentTarget.value);
          setPast(-1);
        }} onKeyDown=${onKeyDown} onBlur=${close}></textarea>
      <span class="tip">${busy ? 'Sending' : suggestions.length > 0 ? 'Tab completes · Enter sends' : text ? 'Enter sends' : ''}</span>
    </div>
    ${refused && html`<div class="refused" role="alert">${refused}</div>`}
  </div>`;
}

/** Proposals for a text that begins with `/`; the newest question wins. */
function useCompletion(text, wanted) {
  const [found, setFound] = useState({ text: '', suggestions: [] });
  const [chosen, setChosen] = useState(-1);
  useEffect(() => {
    setChosen(-1);
    if (!wanted || !text.startsWith('/')) {
      setFound({ text, suggestions: [] });
      return undefined;
    }
    const asking = new AbortController();
    const timer = setTimeout(() => {
      get('/api/complete', { text, user: me.value }, asking.signal).then(
        ({ suggestions }) =>
          setFound({ text, suggestions: suggestions.filter(({ value }) => value.trim() !== text.trim()) }),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text, wanted]);
  const close = () => setFound({ text, suggestions: [] });
  return {
    suggestions: text === '' ? [] : found.suggestions,
    chosen: Math.min(chosen, found.suggestions.length - 1),
    setChosen,
    close,
  };
}

function history() {
  try {
    return JSON.parse(recall('history', '[]'));
  } catch {
    return [];
  }
}

function sentence(error) {
  const known = {
    operation_timeout:
      'Edwin did not answer in 3 s (operation_timeout). The text is kept; see the channel before you send it again.',
    dispatch_failed: 'Edwin is not connected (dispatch_failed). The text is kept.',
    not_in_thread: 'Slash commands do not work in threads. Mention @edwin instead.',
    unknown_command: 'There is no such command. /edwin help lists all.',
  };
  return known[error] ?? error;
}
