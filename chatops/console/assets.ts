import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
}

export interface Assets {
  readonly index: Asset;
  /** By path; each path holds a digest of its content, so that a browser may keep it for ever. */
  readonly files: ReadonlyMap<string, Asset>;
  /** `Content-Security-Policy` of the page. */
  readonly policy: string;
}

/** Packages that the page imports by name: what they are called in the import map, and their file. */
const modules: readonly { readonly name: string; readonly from: string; readonly file: string }[] = [
  { name: 'preact', from: 'preact', file: 'preact.mjs' },
  { name: 'preact/hooks', from: 'preact/hooks', file: 'hooks.mjs' },
  { name: 'htm', from: 'htm', file: 'htm.module.js' },
  { name: '@preact/signals', from: '@preact/signals', file: 'signals.module.js' },
  { name: '@preact/signals-core', from: '@preact/signals-core', file: 'signals-core.module.js' },
];
/** Loaded when the first chart is drawn. */
const later = [
  { from: 'uplot', file: 'uPlot.iife.min.js' },
  { from: 'uplot', file: 'uPlot.min.css' },
];

/**
 * All files of the page, read and compressed once. The page's own modules import one another by relative paths, so
 * they share one folder named by the digest of them all.
 */
export function readAssets(folder: string): Assets {
  const files = new Map<string, Asset>();
  const own = readdirSync(folder)
    .filter((name) => ['.js', '.css', '.svg'].includes(extname(name)))
    .sort();
  const contents = own.map((name) => ({ name, body: readFileSync(join(folder, name)) }));
  const base = `/page/${digest(...contents.map(({ body }) => body))}`;
  for (const { name, body } of contents) files.set(`${base}/${name}`, asset(name, body));

  const imports: Record<string, string> = {};
  for (const { name, from, file } of modules) imports[name] = addModule(files, from, file);
  const [chart, chartStyle] = later.map(({ from, file }) => addModule(files, from, file));
  const map = JSON.stringify({ imports });
  const scripts = own.filter((name) => name.endsWith('.js')).map((name) => `${base}/${name}`);
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
    .replaceAll('{{base}}', base)
    .replace('{{chart}}', chart ?? '')
    .replace('{{chartStyle}}', chartStyle ?? '')
    .replace('"{{imports}}"', () => map)
    .replace(
      '{{preload}}',
      [...Object.values(imports), ...scripts].map((path) => `<link rel="modulepreload" href="${path}">`).join(''),
    );
  return { index: asset('index.html', Buffer.from(html)), files, policy: policyFor(map) };
}

function addModule(files: Map<string, Asset>, from: string, file: string): string {
  const path = join(dirname(resolve(from)), file);
  const body = readFileSync(path);
  const address = `/modules/${digest(body)}/${file}`;
  files.set(address, asset(file, body));
  return address;
}

/** Next to the file that Node itself would load; packages of packages are found from their user. */
function resolve(name: string): string {
  return require.resolve(name, { paths: [__dirname, dirname(require.resolve('@preact/signals'))] });
}

function asset(name: string, body: Buffer): Asset {
  return {
    type: types[extname(name)] ?? 'application/octet-stream',
    body,
    gzip: gzipSync(body, { level: 9 }),
    etag: `"${digest(body)}"`,
  };
}

function digest(...parts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url').slice(0, 16);
}

/** Only our own scripts and styles; the import map is the one inline script, admitted by its hash. */
function policyFor(map: string): string {
  const hash = createHash('sha256').update(map).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data: https:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
