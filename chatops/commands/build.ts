import { z } from 'zod';
import { defineCommand } from '../command';
import { facts, paragraph, say } from '../slack/message';
import { duration } from '../time';

export const build = defineCommand({
  name: 'build',
  short: true,
  usage: '<service> [ref]',
  summary: 'Builds a commit of a service into a release',
  examples: ['build bot', 'build bot main', 'build bot c07d9a4'],
  role: 'engineer',
  changes: true,
  args: z.object({ service: z.string(), ref: z.string().optional() }),
  async run({ service, ref }, { fleet, actor, now, progress, typed }) {
    progress(`Building ${service}${ref === undefined ? '' : ` at ${ref}`}`);
    const { release, image, created } = await fleet.build({ service, ref, requestedBy: actor.name }, progress);
    const took = duration(Date.now() - now.getTime());
    const first = fleet.environments[0] ?? 'dev';
    const next = `Bring it to ${first} with ${typed(`deploy ${service} ${first} ${release.number}`)}.`;
    const sentence = created
      ? `${service} ${release.number} is built.`
      : `Nothing has changed: this is release ${release.number} of ${service}.`;
    return {
      message: say(
        sentence,
        [
          facts([
            { label: 'Commit', value: release.commit.slice(0, 7) },
            { label: 'Took', value: took },
            { label: 'Change', value: `“${release.subject}” by ${release.author}`, outside: true },
            { label: 'Size', value: `${(image.bytes / 1_048_576).toFixed(1)} MB` },
          ]),
          paragraph(next),
        ],
        'good',
      ),
      lines: [next],
      audience: 'channel',
      exit: 0,
      data: { service, release: release.number, commit: release.commit, image: image.digest, created },
    };
  },
});
