#!/usr/bin/env node
'use strict';
/**
 * Compiles without checking types (`npm run check` does that), so that a start takes a second, not ten.
 *
 *   node bin/build.js                   the whole project into dist/, only what changed
 *   node bin/build.js image <service>   one service of the reference product into $EDWIN_OUTPUT: the files its
 *                                       program reaches, their data, and a link to the installed packages; without
 *                                       $EDWIN_CACHE (in a Dockerfile) a copy of those it needs
 */
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { copyPackages, linkPackages } = require('./packages');

const root = path.resolve(__dirname, '..');
const service = process.argv[2] === 'image' ? process.argv[3] : undefined;
const { EDWIN_OUTPUT: output, EDWIN_CACHE: cache, EDWIN_REPOSITORY: repository } = process.env;
// The clean checkout an image is built in has no packages of its own.
const packages = service && cache && linkPackages({ root, cache, repository });
const ts = require(packages ? path.join(packages, 'typescript') : 'typescript');
const folders = ['platform', 'chatops', 'services', 'observability', 'autoscaler', 'test'];
const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config;
const { options } = ts.convertCompilerOptionsFromJson(
  { ...config.compilerOptions, rootDir: undefined, outDir: undefined },
  root,
);

const isSource = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts');
const isTest = (file) => /\.test\.ts$|(^|\/)(contract|fixture)[^/]*\.ts$/.test(file);
const compiled = (file) => file.replace(/\.ts$/, '.js');

function compile(file, output) {
  const { outputText } = ts.transpileModule(fs.readFileSync(path.join(root, file), 'utf8'), {
    compilerOptions: options,
    fileName: file,
  });
  write(path.join(output, compiled(file)), outputText);
}

function write(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

function* walk(folder) {
  if (!fs.existsSync(path.join(root, folder))) return;
  for (const entry of fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file);
    else yield file;
  }
}

/** Writes what is newer than its output, and deletes output whose source is gone. */
function buildAll() {
  const dist = path.join(root, 'dist');
  const stamp = createHash('sha256').update(JSON.stringify(config)).update(ts.version).digest('hex');
  const stampFile = path.join(dist, '.stamp');
  if (!fs.existsSync(stampFile) || fs.readFileSync(stampFile, 'utf8') !== stamp)
    fs.rmSync(dist, { recursive: true, force: true });
  const wanted = new Set(['.stamp', '.built']);
  let changed = false;
  for (const file of folders.flatMap((folder) => [...walk(folder)])) {
    if (isTest(file) || file.endsWith('.md')) continue;
    const target = isSource(file) ? compiled(file) : file;
    wanted.add(target);
    const source = fs.statSync(path.join(root, file)).mtimeMs;
    const made = fs.statSync(path.join(dist, target), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (made > source) continue;
    changed = true;
    if (isSource(file)) compile(file, dist);
    else write(path.join(dist, target), fs.readFileSync(path.join(root, file)));
  }
  for (const file of fs.existsSync(dist) ? [...walk('dist')] : []) {
    if (!wanted.has(path.relative('dist', file))) fs.rmSync(path.join(root, file));
  }
  write(stampFile, stamp);
  // A program left running by an earlier start is taken over only while this stays the same.
  if (changed) write(path.join(dist, '.built'), new Date().toISOString());
}

/** Sources that `entries` reach by relative imports, lazy ones included, and the names of packages these import. */
function reach(entries) {
  const found = new Set();
  const names = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    if (!isSource(file)) return;
    const { importedFiles } = ts.preProcessFile(fs.readFileSync(path.join(root, file), 'utf8'), true, true);
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) {
        names.add(/^(@[^/]+\/)?[^/]+/.exec(fileName)[0]);
        continue;
      }
      const target = path.join(path.dirname(file), fileName);
      const match = [`${target}.ts`, target, path.join(target, 'index.ts')].find((name) =>
        fs.statSync(path.join(root, name), { throwIfNoEntry: false })?.isFile(),
      );
      if (match) visit(match);
    }
  };
  entries.forEach(visit);
  return { sources: [...found].sort(), names };
}

/** Data lies in folders without sources beside the sources that read it: migrations, items. */
function dataBeside(sources) {
  const beside = new Set(sources.map((file) => path.dirname(file)));
  const data = [];
  for (const folder of beside) {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const files = [...walk(path.join(folder, entry.name))];
      if (!files.some((file) => file.endsWith('.ts'))) data.push(...files);
    }
  }
  return data;
}

function buildImage() {
  const { sources, names } = reach([`services/${service}/main.ts`, 'observability/instrument.ts']);
  for (const file of sources) {
    if (isSource(file)) compile(file, path.join(output, 'dist'));
    else write(path.join(output, 'dist', file), fs.readFileSync(path.join(root, file)));
  }
  for (const file of dataBeside(sources))
    write(path.join(output, 'dist', file), fs.readFileSync(path.join(root, file)));
  if (packages) fs.symlinkSync(packages, path.join(output, 'node_modules'));
  else console.log(`${copyPackages({ root, names, target: output })} packages`);
  console.log(`${service}: ${sources.length} sources`);
}

if (service) buildImage();
else buildAll();
