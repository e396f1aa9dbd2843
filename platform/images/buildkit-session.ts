import { randomUUID } from 'node:crypto';
import { performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Engine } from '../docker/engine';
import { fieldsOf, stringField } from './protobuf';
import type { Credentials } from './registry-login';

/** A way back from BuildKit to us while it builds. */
export interface BuildSession {
  readonly id: string;
  close(): void;
}

/** gRPC status 12: there is no such method; BuildKit then goes on without. */
const UNIMPLEMENTED = '12';
const methods = ['/moby.filesync.v1.Auth/Credentials', '/grpc.health.v1.Health/Check'] as const;

/**
 * BuildKit asks its client for the login of each registry that base images come from: it is told those of `credentials`
 * and nothing else. Source: moby/buildkit, session/auth/auth.proto and session/grpchijack; gRPC over HTTP/2.
 */
export async function openBuildSession(
  engine: Engine,
  credentials: (host: string) => Promise<Credentials | undefined>,
): Promise<BuildSession> {
  const id = randomUUID();
  const socket = await dial(engine, id);
  socket.on('error', () => undefined);
  const session = performServerHandshake(socket);
  session.on('error', () => undefined);
  session.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const path = String(headers[':path']);
    if (path === methods[1]) return void reply(stream, Buffer.from([0x08, 1])); // SERVING
    if (path !== methods[0]) return refuse(stream);
    readMessage(stream)
      .then((message) => credentials(fieldsOf(message).get(1)?.[0]?.toString() ?? ''))
      .then((known) =>
        reply(
          stream,
          known ? Buffer.concat([stringField(1, known.user), stringField(2, known.password)]) : Buffer.of(),
        ),
      )
      .catch(() => refuse(stream));
  });
  return {
    id,
    close() {
      session.destroy();
      socket.destroy();
    },
  };
}

function dial(engine: Engine, id: string): Promise<Duplex> {
  const request = {
    method: 'POST',
    path: '/session',
    hijack: true,
    headers: {
      Upgrade: 'h2c',
      'X-Docker-Expose-Session-Uuid': id,
      'X-Docker-Expose-Session-Name': 'edwin',
      'X-Docker-Expose-Session-Grpc-Method': [...methods],
    },
    statusCodes: { 200: true, 400: 'bad parameter', 404: 'no sessions', 500: 'server error' },
  };
  return new Promise((resolve, reject) => {
    engine.streams.modem.dial(request, (error, socket) => (error ? reject(error) : resolve(socket as Duplex)));
  });
}

/** A message of gRPC: one byte for compression, four for the length, then the message. */
async function readMessage(stream: ServerHttp2Stream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).subarray(5);
}

function reply(stream: ServerHttp2Stream, message: Buffer): void {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([head, message]));
}

function refuse(stream: ServerHttp2Stream): void {
  if (stream.headersSent || stream.destroyed) return;
  const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNIMPLEMENTED };
  stream.respond(headers, { endStream: true });
}
