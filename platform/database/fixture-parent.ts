import { silent } from '../log';
import { startEmbedded } from './embedded';

/** A process of a test: starts a server in FOLDER, says its process id, and stays until it is killed. */
async function start(): Promise<void> {
  const folder = process.env['FOLDER'] ?? '';
  const server = await startEmbedded({ folder, log: silent, durable: false, ephemeral: process.env['KEEP'] !== 'yes' });
  process.stdout.write(`runs ${server.pid}\n`);
}

void start();
