import { parseRegistryAddress } from './registry-address';

test.each([
  [
    'registry+https://ada:p%40ss@registry.example/english/app',
    { origin: 'https://registry.example', name: 'registry.example/english/app', user: 'ada', password: 'p@ss' },
  ],
  [
    'registry+http://127.0.0.1:5000',
    { origin: 'http://127.0.0.1:5000', name: '127.0.0.1:5000/edwin', user: undefined },
  ],
  [
    'registry+http://[::1]:5000/a_b/c-d?builder=classic',
    { host: '[::1]:5000', repository: 'a_b/c-d', builder: 'classic' },
  ],
  [
    'registry+http://ada:p@127.0.0.1:5000/edwin?api=http://registry:5000',
    { origin: 'http://registry:5000', host: '127.0.0.1:5000', name: '127.0.0.1:5000/edwin', user: 'ada' },
  ],
])('%s is understood', (url, parts) => expect(parseRegistryAddress(url)).toMatchObject(parts));

test.each([
  'https://x/y',
  'registry+https://',
  'registry+https://ada:secret@x/Upper',
  'registry+https://ada:secret@x/y?builder=z',
  'registry+https://ada:secret@x/y?api=registry:5000',
  'registry+https://ada:secret@x/y?api=http://ada:secret@registry',
])('%s is refused, and no password is shown', (url) => {
  const refuse = () => parseRegistryAddress(url);
  expect(refuse).toThrow(/address of the image registry/);
  expect(refuse).not.toThrow(/secret/);
});
