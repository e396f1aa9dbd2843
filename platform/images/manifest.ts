import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * Manifests of images, and indexes (lists of manifests by platform), in the forms of OCI and of Docker.
 * Source: OCI image spec 1.1 (manifest.md, image-index.md, config.md); Docker image manifest v2, schema 2.
 */
export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ digest, size: z.int().min(0) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const index = z.object({
  manifests: z.array(
    descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});
const config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** A manifest as the registry keeps it; its digest is that of its bytes. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export type Manifest =
  | { readonly kind: 'image'; readonly config: { digest: string; size: number }; readonly bytes: number }
  | { readonly kind: 'index'; readonly images: readonly { digest: string; platform: string }[] };

/** @throws when it is neither an image nor an index of images */
export function readManifest({ bytes }: StoredManifest): Manifest {
  const json: unknown = JSON.parse(bytes.toString());
  const many = index.safeParse(json);
  if (many.success) {
    const images = many.data.manifests.map((each) => ({
      digest: each.digest,
      platform: `${each.platform?.os}/${each.platform?.architecture}`,
    }));
    // Attestations lie beside the images, for the platform "unknown".
    return { kind: 'index', images: images.filter(({ platform }) => platform !== 'unknown/unknown') };
  }
  const one = manifest.parse(json);
  const sizes = [one.config, ...one.layers].map(({ size }) => size);
  return { kind: 'image', config: one.config, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

export function readLabels(bytes: Buffer): Readonly<Record<string, string>> {
  return config.parse(JSON.parse(bytes.toString())).config?.Labels ?? {};
}

export function digestOfBytes(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export const isDigest = (text: string): boolean => digest.safeParse(text).success;
