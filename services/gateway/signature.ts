import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * True when `header` (`X-Hub-Signature-256`) is `sha256=` and the HMAC of exactly these bytes under the app secret.
 * Compared in constant time.
 */
export function signatureMatches(raw: Buffer, header: string | undefined, appSecret: string): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(header ?? '')?.[1];
  if (hex === undefined) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', appSecret).update(raw).digest());
}
