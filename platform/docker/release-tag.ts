/** Name under which `Images.ensure` puts an image on a host, and under which instances are started from it. */
export function releaseTag(digest: string): string {
  return `edwin-release:${digest.replace(/^sha256:/, '')}`;
}
