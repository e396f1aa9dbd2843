import { z } from 'zod';
import type { ServiceStatus } from '../../platform/fleet/fleet';
import { type CommandContext, defineCommand } from '../command';
import { boardUrl } from '../links';
import { buttons, paragraph, say, table } from '../slack/message';
import { age } from '../time';
import { textTable } from './text-table';

export const status = defineCommand({
  name: 'status',
  short: false,
  usage: '[service] [env]',
  summary: 'What runs where: release, age, instances and what is amiss',
  examples: ['status', 'status bot', 'status bot prod'],
  role: 'viewer',
  changes: false,
  args: z.object({ service: z.string().optional(), env: z.string().optional() }),
  async run({ service, env }, context) {
    const cells = await context.fleet.status({
      ...(service !== undefined && { service }),
      ...(env !== undefined && { environment: env }),
    });
    const amiss = cells.flatMap(troubles);
    const rows = board(cells, context);
    const sentence = headSentence(cells, amiss);
    const link = buttons([{ text: 'Open board', action: 'link:board', url: boardUrl(context.publicUrl) }]);
    return {
      message: say(
        sentence,
        [table(rows), ...(amiss.length > 0 ? [paragraph(amiss.join('\n'))] : []), ...link],
        amiss.length > 0 ? 'bad' : undefined,
      ),
      lines: [...textTable(rows), ...(amiss.length > 0 ? ['', ...amiss] : [])],
      audience: 'asker',
      exit: 0,
      data: cells.map(plainCell),
    };
  },
});

/** Services down, environments across: at most four columns, which a phone can show. */
function board(cells: readonly ServiceStatus[], { fleet, now }: CommandContext): string[][] {
  const environments = fleet.environments.filter((name) => cells.some((cell) => cell.environment === name));
  const services = fleet.services.filter((name) => cells.some((cell) => cell.service === name));
  return [
    ['', ...environments],
    ...services.map((service) => [
      service,
      ...environments.map((environment) => {
        const cell = cells.find((one) => one.service === service && one.environment === environment);
        return cell ? describeCell(cell, now) : '–';
      }),
    ]),
  ];
}

/** `42 c07d9a4, 38 min, 2 healthy`; `41 → 42, 4 of 6`; `not deployed`. */
function describeCell(cell: ServiceStatus, now: Date): string {
  const { serving, servingSince, running, instances, wanted, behind } = cell;
  if (running)
    return `${running.from ?? 'nothing'} → ${running.to}, ${running.progress.done} of ${running.progress.total}`;
  if (!serving) return 'not deployed';
  const healthy = instances.filter((instance) => instance.state === 'healthy').length;
  const how = healthy >= wanted ? `${healthy} healthy` : `${healthy} of ${wanted} healthy`;
  const late = behind > 0 ? `, ${behind} behind` : '';
  return `${serving.number} ${serving.commit.slice(0, 7)}${servingSince ? `, ${age(servingSince, now)}` : ''}, ${how}${late}`;
}

function troubles(cell: ServiceStatus): string[] {
  const where = `${cell.service} in ${cell.environment}`;
  const ill = cell.running
    ? []
    : cell.instances.filter((instance) => instance.state !== 'healthy' && instance.state !== 'draining');
  const healthy = cell.instances.filter((instance) => instance.state === 'healthy').length;
  const short = !cell.running && cell.serving !== undefined && healthy < cell.wanted;
  return [
    ...(short && ill.length === 0 ? [`${where}: ${healthy} of ${cell.wanted} instances run.`] : []),
    ...ill.map(
      (instance) =>
        `${where}: ${instance.id} on ${instance.host} is ${instance.state}${instance.note ? ` (${instance.note})` : ''}.`,
    ),
    ...cell.drift.map((sentence) => `${where}: ${sentence}`),
    ...(cell.last?.state === 'failed'
      ? [`${where}: operation ${cell.last.id} failed: ${cell.last.reason ?? 'no reason is known'}`]
      : []),
  ];
}

function headSentence(cells: readonly ServiceStatus[], amiss: readonly string[]): string {
  const deployed = cells.filter((cell) => cell.serving);
  if (deployed.length === 0 && cells.every((cell) => !cell.running)) return 'Nothing is deployed yet.';
  const moving = cells.filter((cell) => cell.running).map((cell) => `${cell.service} in ${cell.environment}`);
  const now = moving.length > 0 ? ` ${moving.join(' and ')} ${moving.length === 1 ? 'is' : 'are'} being changed.` : '';
  const well =
    amiss.length === 0
      ? 'and all of it is healthy'
      : `and ${amiss.length} ${amiss.length === 1 ? 'thing is' : 'things are'} amiss`;
  return `${deployed.length} of ${cells.length} ${cells.length === 1 ? 'place serves' : 'places serve'} a release, ${well}.${now}`;
}

function plainCell(cell: ServiceStatus): unknown {
  const { service, kind, environment, serving, servingSince, wanted, instances, running, behind, drift, url } = cell;
  return {
    service,
    kind,
    environment,
    release: serving?.number ?? null,
    commit: serving?.commit ?? null,
    since: servingSince ?? null,
    wanted,
    instances: instances.map(({ id, host, release, state, note }) => ({ id, host, release, state, note })),
    operation: running?.id ?? null,
    behind,
    drift,
    url: url ?? null,
  };
}
