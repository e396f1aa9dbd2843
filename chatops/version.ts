/** As much of a release as names it. */
export interface Named {
  readonly number: number;
  readonly commit: string;
}

/**
 * The release a person names: `42`, `r42`, `latest`, or the beginning of a commit (4 characters or more). Undefined
 * when none or, for a commit, more than one fits; of several releases of one commit the newest is meant.
 */
export function namedRelease<R extends Named>(text: string, releases: readonly R[]): R | undefined {
  const wanted = text.trim().toLowerCase();
  const newestFirst = [...releases].sort((a, b) => b.number - a.number);
  if (wanted === 'latest') return newestFirst[0];
  const number = /^r?(\d{1,9})$/.exec(wanted)?.[1];
  const byNumber = number === undefined ? undefined : newestFirst.find((release) => release.number === Number(number));
  if (byNumber) return byNumber;
  if (!/^[0-9a-f]{4,40}$/.test(wanted)) return undefined;
  const byCommit = newestFirst.filter((release) => release.commit.startsWith(wanted));
  return new Set(byCommit.map((release) => release.commit)).size === 1 ? byCommit[0] : undefined;
}
