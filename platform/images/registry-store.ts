import { imageOfLabels } from './image-labels';
import type { Image } from './images';
import { isDigest, readManifest, type StoredManifest } from './manifest';
import type { RegistryClient } from './registry-client';

const KNOWN = 1_000;

/**
 * Images as a registry keeps them:
 *
 *     commit-<service>-<commit>-<recipe>    what a commit was built to: found before it is built again
 *     release-<service>-<digest's hex>      a pin for each image, so that no sweep of untagged ones takes it
 *
 * A service's images are listed from its pins alone. What a digest names never changes, so it is read once.
 */
export class RegistryStore {
  private readonly client: RegistryClient;
  private readonly known = new Map<string, Image>();

  constructor(client: RegistryClient) {
    this.client = client;
  }

  /** What is stored under a tag or digest, with its digest; the image is undefined where Edwin has not built it. */
  async find(reference: string): Promise<{ manifest: StoredManifest; image: Image | undefined } | undefined> {
    const manifest = await this.client.manifest(reference);
    return manifest && { manifest, image: await this.describe(manifest) };
  }

  /** Newest first. */
  async list(service: string): Promise<Image[]> {
    const prefix = `release-${service}-`;
    const tags = await this.client.tags(prefix);
    const digests = tags.map((tag) => `sha256:${tag.slice(prefix.length)}`).filter(isDigest);
    const images: Image[] = [];
    for (const digest of digests) {
      const image = this.known.get(digest) ?? (await this.find(digest))?.image;
      if (image) images.push(image);
    }
    return images.sort((a, b) => b.builtAt.getTime() - a.builtAt.getTime());
  }

  /** Makes sure that the image keeps a tag, whatever becomes of its commit's. */
  async pin({ manifest, image }: { manifest: StoredManifest; image: Image }): Promise<void> {
    const tag = `release-${image.service}-${image.digest.replace('sha256:', '')}`;
    if ((await this.client.manifest(tag))?.digest !== image.digest) await this.client.tag(manifest, tag);
  }

  async remove(digest: string): Promise<void> {
    this.known.delete(digest);
    await this.client.remove(digest);
  }

  /** An index is described by its first image: all were built from one commit. */
  private async describe(stored: StoredManifest): Promise<Image | undefined> {
    const known = this.known.get(stored.digest);
    if (known) return known;
    let manifest = readManifest(stored);
    if (manifest.kind === 'index') {
      const first = manifest.images[0] && (await this.client.manifest(manifest.images[0].digest));
      if (first === undefined) return undefined;
      manifest = readManifest(first);
      if (manifest.kind === 'index') return undefined;
    }
    const image = imageOfLabels(stored.digest, manifest, await this.client.blob(manifest.config.digest));
    if (image === undefined) return undefined;
    if (this.known.size >= KNOWN) this.known.delete(this.known.keys().next().value!);
    this.known.set(stored.digest, image);
    return image;
  }
}
