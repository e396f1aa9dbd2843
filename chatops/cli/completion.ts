import type { CliOptions } from './options';
import type { CompleteAnswer, CompleteRequest } from './protocol';
import { findRunning, post } from './running';

/** Verbs that the terminal has and chat has not. */
export const ownVerbs: Readonly<Record<string, string>> = {
  up: 'Start everything on this machine',
  secret: 'Set a secret of an environment',
  manifest: 'Print the manifest of the Slack app',
  completion: 'Print a completion script for bash or zsh',
};

const PATIENCE_MS = 400;

/** Lines for a shell; silent when Edwin does not run or is slow, since a Tab must never complain. */
export async function complete(
  shell: string,
  words: readonly string[],
  options: CliOptions,
  from: string,
): Promise<string[]> {
  const known = await ask(words, options, from).catch(() => []);
  const beginning = words.at(-1) ?? '';
  const own = words.length > 1 ? [] : Object.entries(ownVerbs).filter(([verb]) => verb.startsWith(beginning));
  const all = [...known, ...own.map(([word, hint]) => ({ word, hint }))];
  return all.map(({ word, hint }) => (shell === 'zsh' ? `${word.replace(/:/g, '\\:')}:${hint}` : word));
}

async function ask(words: readonly string[], { data, as }: CliOptions, from: string): Promise<CompleteAnswer[]> {
  const running = findRunning(data, from);
  if (!running) return [];
  const body: CompleteRequest = { words, as };
  let text = '';
  const { status } = await post(running, '/api/complete', body, {
    onLine: (line) => (text += line),
    timeoutMs: PATIENCE_MS,
  });
  return status === 200 ? (JSON.parse(text) as CompleteAnswer[]) : [];
}

export const scripts: Readonly<Record<string, string>> = {
  bash: `# edwin completion for bash: source <(edwin completion bash)
_edwin() {
  local IFS=$'\\n'
  COMPREPLY=($(edwin complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _edwin edwin
`,
  zsh: `#compdef edwin
# edwin completion for zsh: source <(edwin completion zsh)
_edwin() {
  local -a found
  found=("\${(@f)$(edwin complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "\${found[1]}" ]] && _describe 'edwin' found
}
compdef _edwin edwin
`,
};
