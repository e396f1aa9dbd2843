import { commands } from '../commands/list';
import { ownVerbs } from './completion';
import { secretUsage } from './secret';

/** Help that needs no running Edwin: the same list that chat has, and what only the terminal can. */
export function localHelp(): string {
  const rows = [
    ...commands.map(({ name, usage, summary }) => [`edwin ${name} ${usage}`.trim(), summary] as const),
    ['edwin up [--data DIR] [--port N]', ownVerbs['up']!] as const,
    ['edwin secret set <env> <NAME>', ownVerbs['secret']!] as const,
    ['edwin autoscaler simulate --trace FILE', 'Play an autoscaling policy against a load curve (--help)'] as const,
    ['edwin manifest [--url URL] [--prefix P]', ownVerbs['manifest']!] as const,
    ['edwin completion bash|zsh', ownVerbs['completion']!] as const,
  ];
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return [
    ...rows.map(([usage, summary]) => `${usage.padEnd(width)}  ${summary}`),
    '',
    'Options: --json prints one object; --as NAME speaks as someone; --data DIR names the data folder;',
    '         --no-wait does not follow an operation to its end.',
    'Exit status: 0 done, 1 failed or undone, 2 refused or wrong usage, 8 still waiting, 130 after Ctrl-C.',
  ].join('\n');
}

/** Usage of one verb; undefined when there is none of that name. */
export function localUsage(verb: string): string | undefined {
  if (verb === 'secret') return secretUsage;
  const command = commands.find(({ name }) => name === verb);
  if (command)
    return [
      `Usage: edwin ${command.name} ${command.usage}`.trim(),
      '',
      ...command.examples.map((example) => `  edwin ${example}`),
    ].join('\n');
  return ownVerbs[verb];
}
