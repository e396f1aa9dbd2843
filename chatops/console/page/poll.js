import { useEffect, useState } from 'preact/hooks';
import { get } from './api.js';

/**
 * Reads an address now, after every change of `query`, and then every `everyMs` while the page is seen. What was
 * found before stays while a new answer is on its way. `path` undefined: nothing yet.
 */
export function usePolled(path, query, everyMs, also = '') {
  const [state, setState] = useState({ value: undefined, problem: '' });
  const asked = JSON.stringify(query);
  useEffect(() => {
    if (path === undefined) return undefined;
    let gone = false;
    const read = async () => {
      if (document.hidden) return;
      const answer = await get(path, JSON.parse(asked)).then(
        (value) => ({ value, problem: '' }),
        (error) => ({ problem: error.message }),
      );
      if (!gone) setState((before) => ({ ...before, ...answer }));
    };
    const first = setTimeout(read, 50);
    const timer = setInterval(read, everyMs);
    return () => {
      gone = true;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [path, asked, also]);
  return state;
}
