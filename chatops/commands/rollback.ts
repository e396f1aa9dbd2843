import { z } from 'zod';
import { defineCommand } from '../command';
import { begin, planned } from './operations';

export const rollback = defineCommand({
  name: 'rollback',
  short: true,
  usage: '<service> <env> [release] [--plan]',
  summary: 'Returns to a release that served before, with its own configuration',
  examples: ['rollback bot prod', 'rollback bot prod 41', 'rollback bot prod --plan'],
  role: 'engineer',
  changes: true,
  args: z.object({ service: z.string(), env: z.string(), release: z.string().optional(), plan: z.string().optional() }),
  async run({ service, env, release, plan }, context) {
    const request = {
      kind: 'rollback' as const,
      service,
      environment: env,
      release: release === undefined ? undefined : Number(release),
    };
    return plan === undefined ? begin(request, context) : planned(request, context);
  },
});
