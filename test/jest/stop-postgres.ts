import type { EmbeddedServer } from '../../platform/database/embedded';

export default async function stopPostgres(): Promise<void> {
  await (globalThis as { edwinTestServer?: EmbeddedServer }).edwinTestServer?.stop();
}
