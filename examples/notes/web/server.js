'use strict';
// Keeps each note as a file. Nothing but Node is needed, and nothing of Edwin.
const { createServer } = require('node:http');
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const { NOTES, TITLE, HOST, PORT, EDWIN_RELEASE } = process.env;
mkdirSync(NOTES, { recursive: true });

const server = createServer((request, response) => {
  if (request.url === '/up') return response.end('well');
  if (request.method === 'POST') {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
      if (text.length > 10_000) request.destroy();
    });
    request.on('end', () => {
      writeFileSync(join(NOTES, `${Date.now()}-${process.hrtime.bigint()}.txt`), text);
      response.writeHead(201).end();
    });
    return;
  }
  const notes = readdirSync(NOTES)
    .sort()
    .map((name) => readFileSync(join(NOTES, name), 'utf8'));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ title: TITLE, release: EDWIN_RELEASE, notes }));
});
server.listen(Number(PORT), HOST, () => console.log(`notes listens on ${HOST}:${PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
