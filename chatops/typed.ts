import { commands } from './commands/list';

/** How a command is typed at a door: `/deploy bot stage`, `/edwin status bot`, `edwin deploy bot stage`. */
export function typedAt(door: 'slack' | 'cli', text: string, prefix: string): string {
  if (door === 'cli') return `edwin ${text}`;
  const [verb = '', ...rest] = text.split(' ');
  const short = commands.find(({ name }) => name === verb)?.short ?? false;
  return [short ? `/${prefix}${verb}` : `/edwin ${verb}`, ...rest].join(' ').trim();
}
