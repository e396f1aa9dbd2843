import { z } from 'zod';

/** A mistake of the catalog: where it stands, and what is wrong there. */
export type CatalogProblem = { path: PropertyKey[]; message: string };

/** Reads what it can of a catalog that may be wrong elsewhere. */
const lenient = z.object({
  environments: z.array(z.string()).catch([]),
  services: z
    .record(
      z.string(),
      z
        .object({
          kind: z.string().catch(''),
          needs: z.array(z.string()).catch([]),
          health: z.string().optional().catch(''),
          run: z.string().optional().catch(''),
          build: z.object({ command: z.string().optional() }).catch({}),
          environments: z.record(z.string(), z.unknown()).catch({}),
        })
        .catch({ kind: '', needs: [], health: '', run: '', build: {}, environments: {} }),
    )
    .catch({}),
});

/** What can only be seen by looking at two places at once. Takes the raw document, so that every mistake is told in one go. */
export function crossCheck(raw: unknown): CatalogProblem[] {
  const parsed = lenient.safeParse(raw);
  if (!parsed.success) return [];
  const { environments, services } = parsed.data;
  const problems: CatalogProblem[] = [];
  const report = (path: PropertyKey[], message: string) => void problems.push({ path, message });
  environments.forEach((name, index) => {
    if (environments.indexOf(name) !== index) report(['environments', index], `"${name}" stands here twice`);
  });
  const names = Object.keys(services);
  for (const [name, entry] of Object.entries(services)) {
    const at = ['services', name];
    entry.needs.forEach((need, index) => {
      if (['database', 'queue', 'graph'].includes(need)) return;
      if (!names.includes(need))
        report(
          [...at, 'needs', index],
          `"${need}" is neither database, queue, graph nor a service (${names.join(', ')})`,
        );
      else if (services[need]?.kind === 'worker')
        report([...at, 'needs', index], `"${need}" is a worker and can not be called; only http services can`);
    });
    for (const environment of Object.keys(entry.environments))
      if (!environments.includes(environment))
        report(
          [...at, 'environments', environment],
          `"${environment}" is not one of the environments (${environments.join(', ')})`,
        );
    if (entry.kind === 'http' && entry.health === undefined)
      report(at, 'kind http needs `health`, a path that answers 200');
    if (entry.build.command !== undefined && entry.run === undefined)
      report(at, 'a build with `command` needs `run`, the command line of an instance');
  }
  return problems;
}
