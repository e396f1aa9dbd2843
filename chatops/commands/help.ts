import { z } from 'zod';
import { type Command, type CommandContext, defineCommand, type Reply } from '../command';
import { nearest } from '../nearest';
import { paragraph, preformatted, say, context as small, table } from '../slack/message';
import { parameters } from '../usage';

export const help = defineCommand({
  name: 'help',
  short: false,
  usage: '[command]',
  summary: 'What there is, or how one command is used',
  examples: ['help', 'help deploy'],
  role: 'viewer',
  changes: false,
  args: z.object({ command: z.string().optional() }),
  async suggest(_name, _given, { commands }) {
    return commands.map(({ name, summary }) => ({ value: name, hint: summary }));
  },
  async run({ command: name }, context) {
    if (name === undefined) return overview(context);
    const wanted = name.replace(/^\//, '').toLowerCase();
    const known = context.commands.map((command) => command.name);
    const command = context.commands.find(
      (candidate) => candidate.name === (known.includes(wanted) ? wanted : nearest(wanted, known)),
    );
    return command ? details(command, context) : overview(context, `There is no command "${name}". `);
  },
});

const reply = (message: Reply['message'], lines: string[], data: unknown): Reply => ({
  message,
  lines,
  audience: 'asker',
  exit: 0,
  data,
});

function overview({ commands, typed }: CommandContext, before = ''): Reply {
  const rows = commands.map((command) => [typed(`${command.name} ${command.usage}`.trim()), command.summary]);
  const width = Math.max(...rows.map(([usage = '']) => usage.length));
  const lines = rows.map(([usage = '', summary = '']) => `${usage.padEnd(width)}  ${summary}`);
  const more = `${typed('help deploy')} tells more about one of them.`;
  const sentence = `${before}Edwin knows ${commands.length} commands.`;
  const data = commands.map(({ name, usage, summary, role }) => ({ name, usage, summary, role }));
  return reply(say(sentence, [table([['Command', 'Does'], ...rows]), small(more)]), [...lines, '', more], data);
}

function details(command: Command, { typed }: CommandContext): Reply {
  const { name, usage, summary, role, examples } = command;
  const options = parameters(usage).filter((parameter) => parameter.kind !== 'positional');
  const shown = [typed(`${name} ${usage}`.trim()), '', ...examples.map((example) => `  ${typed(example)}`)];
  const who = role === 'viewer' ? 'Everyone may use it.' : `It needs the role ${role}.`;
  const explained =
    options.length === 0 ? [] : [paragraph(`Options: ${options.map((option) => `--${option.name}`).join(', ')}.`)];
  const sentence = `${typed(name)}: ${summary}.`;
  return reply(say(sentence, [preformatted(shown), ...explained, small(who)]), ['', ...shown, '', who], {
    name,
    usage,
    summary,
    role,
    examples,
  });
}
