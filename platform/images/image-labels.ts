import type { Commit } from './commit';
import type { Image } from './images';
import { type Manifest, readLabels } from './manifest';

/** What an image says of itself; `docker inspect` shows it, too. */
export function labelsOf(service: string, commit: Commit, now: Date): Record<string, string> {
  return {
    'edwin.service': service,
    'edwin.subject': commit.subject,
    'edwin.author': commit.author,
    'org.opencontainers.image.revision': commit.id,
    'org.opencontainers.image.created': now.toISOString(),
  };
}

/** The image that its configuration's labels describe; undefined when Edwin has not built it. */
export function imageOfLabels(
  digest: string,
  { bytes }: Extract<Manifest, { kind: 'image' }>,
  config: Buffer,
): Image | undefined {
  const labels = readLabels(config);
  const [service, commit] = [labels['edwin.service'], labels['org.opencontainers.image.revision']];
  const builtAt = new Date(labels['org.opencontainers.image.created'] ?? '');
  if (!service || !commit || Number.isNaN(builtAt.getTime())) return undefined;
  const [subject, author] = [labels['edwin.subject'] ?? '', labels['edwin.author'] ?? ''];
  return { service, digest, commit, subject, author, builtAt, bytes, runsItself: true };
}
