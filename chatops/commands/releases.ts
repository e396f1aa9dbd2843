import { z } from 'zod';
import { defineCommand } from '../command';
import { paragraph, say, table } from '../slack/message';
import { age } from '../time';
import { textTable } from './text-table';

export const releases = defineCommand({
  name: 'releases',
  short: true,
  usage: '<service> [--limit N]',
  summary: 'The releases of a service, newest first, with where each serves',
  examples: ['releases bot', 'releases bot --limit 30'],
  role: 'viewer',
  changes: false,
  args: z.object({ service: z.string(), limit: z.coerce.number().int().min(1).max(90).default(10) }),
  async run({ service, limit }, { fleet, now, typed }) {
    const list = await fleet.releases(service, limit);
    if (list.length === 0) {
      const next = `Build the first one with ${typed(`build ${service}`)}.`;
      return {
        message: say(`${service} has no release yet.`, [paragraph(next)]),
        lines: [next],
        audience: 'asker',
        exit: 0,
        data: [],
      };
    }
    const rows = [
      ['Release', 'Change', 'Made', 'Serves in'],
      ...list.map(({ release, serving }) => [
        `${release.number} ${release.commit.slice(0, 7)}`,
        `${release.subject}, ${release.author}`,
        age(release.createdAt, now),
        serving.join(', ') || '–',
      ]),
    ];
    return {
      message: say(
        `${service} has ${list.length === limit ? 'at least ' : ''}${list.length === 1 ? 'one release' : `${list.length} releases`}; the newest is ${list[0]!.release.number}.`,
        [table(rows)],
      ),
      lines: textTable(rows),
      audience: 'asker',
      exit: 0,
      data: list.map(({ release, serving }) => ({
        release: release.number,
        commit: release.commit,
        subject: release.subject,
        author: release.author,
        image: release.image,
        at: release.createdAt,
        by: release.createdBy,
        serving,
      })),
    };
  },
});
