import { z } from 'zod';
import { type CommandContext, defineCommand, type Suggestion } from '../command';
import { age } from '../time';
import { begin, planned } from './operations';

export const deploy = defineCommand({
  name: 'deploy',
  short: true,
  usage: '<service> <env> [version] [--plan]',
  summary: 'Brings a release of a service to an environment',
  examples: [
    'deploy bot dev',
    'deploy bot stage',
    'deploy bot prod 42',
    'deploy bot stage c07d9a4',
    'deploy bot prod --plan',
  ],
  role: 'engineer',
  changes: true,
  args: z.object({ service: z.string(), env: z.string(), version: z.string().optional(), plan: z.string().optional() }),
  async suggest(name, given, context) {
    return name === 'env' && given['service'] !== undefined ? environments(given['service'], context) : undefined;
  },
  async run({ service, env, version, plan }, context) {
    const request = {
      kind: 'deployment' as const,
      service,
      environment: env,
      release: version === undefined ? undefined : Number(version),
    };
    return plan === undefined ? begin(request, context) : planned(request, context);
  },
});

/** What would be deployed where: the newest release first, then what serves in the environment before. */
async function environments(service: string, { fleet, now }: CommandContext): Promise<Suggestion[]> {
  const [board, newest] = await Promise.all([fleet.status({ service }), fleet.releases(service, 1)]);
  return fleet.environments.map((value, index) => {
    const here = board.find((cell) => cell.environment === value);
    const before = index === 0 ? undefined : board.find((cell) => cell.environment === fleet.environments[index - 1]);
    const next = index === 0 ? newest[0]?.release : before?.serving;
    if (!next)
      return {
        value,
        hint: index === 0 ? 'nothing is built yet' : `nothing serves in ${fleet.environments[index - 1]} yet`,
      };
    if (here?.serving?.number === next.number) return { value, hint: `release ${next.number} serves there already` };
    const since = before?.servingSince ? `, in ${before.environment} since ${age(before.servingSince, now)}` : '';
    return {
      value,
      hint: index === 0 ? `newest: release ${next.number}, “${next.subject}”` : `release ${next.number}${since}`,
    };
  });
}
