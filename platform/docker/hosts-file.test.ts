import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../log';
import { openEngines } from './engines';
import { loadHostsFile, parseHosts } from './hosts-file';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edwin-hosts-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const parse = (text: string) => parseHosts(text, join(folder, 'hosts.yaml'));

test('a host has what the file says, and defaults for the rest', () => {
  for (const name of ['ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(folder, name), '');
  const [far, here, remote] = parse(`
hosts:
  - { name: h1, engine: tcp://10.0.0.11:2376, tls: ., zone: a, environments: [stage], cpus: 4, memoryMb: 8192 }
  - { name: here, engine: unix:///var/run/docker.sock, drained: true }
  - { name: remote, engine: ssh://edwin@app-1.example, bind: 10.0.0.12 }
`);
  expect(far).toEqual({
    name: 'h1',
    engine: 'tcp://10.0.0.11:2376',
    zone: 'a',
    address: '10.0.0.11',
    bind: '10.0.0.11',
    reach: 'port',
    networks: 'edwin',
    bridge: 'own',
    environments: ['stage'],
    tls: folder,
    drained: false,
    cpus: 4,
    memoryMb: 8192,
  });
  expect(here).toMatchObject({ address: '127.0.0.1', bind: '127.0.0.1', zone: 'default', drained: true });
  expect(remote).toMatchObject({ address: 'app-1.example', bind: '10.0.0.12', tls: undefined, cpus: undefined });
});

test.each([
  ['environments: [stage]', true],
  ['environments: [stage, prod]', false],
  ['drained: false', false],
  ['environments: [stage], reach: network', false],
])('Docker’s own network, which keeps nothing apart, on a host with %s: %s', (more, allowed) => {
  const parsed = () => parse(`hosts: [{ name: h1, engine: ssh://edwin@app-1, bridge: engine, ${more} }]`);
  if (allowed) expect(parsed()).toMatchObject([{ bridge: 'engine' }]);
  else expect(parsed).toThrow(/hosts\.0\.bridge: may be `engine` only where `environments` names one/);
});

test('all mistakes are told at once', () => {
  const mistakes = () =>
    parse(`
hosts:
  - { name: H1, engine: http://10.0.0.11 }
  - { name: h2, engine: tcp://10.0.0.12:2376 }
  - { name: h3, engine: ssh://edwin:secret@h3, colour: red, drained: perhaps }
`);
  expect(mistakes).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      message: expect.stringMatching(
        /has 6 mistakes: hosts\.0\.name: must be .*; hosts\.0\.engine: can not be reached by http: .*; hosts\.1\.tls: is needed .*; hosts\.2\.engine: must hold no password.*; hosts\.2\.drained: .*; hosts\.2: .*colour/,
      ),
    }),
  );
  expect(mistakes).not.toThrow(/secret/);
});

test.each([
  ['hosts: []', /needs at least one host/],
  ['hosts: [', /has .*mistake/],
  [
    'hosts: [{ name: a, engine: unix:///x }, { name: a, engine: unix:///x }]',
    /name a stands there twice; engine unix:\/\/\/x stands there twice/,
  ],
  ['hosts: [{ name: a, engine: tcp://10.0.0.1:2376, tls: nowhere }]', /a: there is no ca.pem, cert.pem, key.pem in/],
  ['hosts: [{ name: a, engine: unix:///x, bind: app-1 }]', /hosts.0.bind: must be an IP address/],
])('%s is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test('a file that is not there is told by its path', () => {
  expect(() => loadHostsFile('/nowhere/hosts.yaml')).toThrow(/at \/nowhere\/hosts\.yaml \(ENOENT\)/);
});

test('an address of one engine is a host, with what its parameters say', () => {
  const engines = openEngines('unix:///var/run/docker.sock?address=10.0.0.5&zone=a&name=lonely', silent);
  expect(engines.list().map(({ host }) => host)).toMatchObject([
    { name: 'lonely', engine: 'unix:///var/run/docker.sock', address: '10.0.0.5', bind: '10.0.0.5', zone: 'a' },
  ]);
  expect(() => engines.get('h9')).toThrow(/There is no host h9; there are lonely/);
  engines.close();
  expect(() => openEngines('tcp://10.0.0.1:2376', silent)).toThrow(/tls: is needed/);
});
