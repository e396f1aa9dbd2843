import { createHmac } from 'node:crypto';
import { signatureMatches } from './signature';

const raw = Buffer.from('{"object":"page","entry":[]}');
const hex = createHmac('sha256', 'secret').update(raw).digest('hex');

test.each([
  ['the signature of these bytes', `sha256=${hex}`, true],
  ['the same in capitals', `sha256=${hex.toUpperCase()}`, true],
  ['none', undefined, false],
  ['an empty one', '', false],
  ['one without its algorithm', hex, false],
  ['the old algorithm', `sha1=${hex.slice(0, 40)}`, false],
  ['one digit wrong', `sha256=${hex.slice(0, 63)}${hex.endsWith('0') ? '1' : '0'}`, false],
  ['one digit more', `sha256=${hex}0`, false],
  ['something before it', `x sha256=${hex}`, false],
])('%s is judged right', (_name, header, right) => {
  expect(signatureMatches(raw, header, 'secret')).toBe(right);
});

test('one changed byte or another secret makes a signature wrong', () => {
  expect(signatureMatches(Buffer.concat([raw, Buffer.from(' ')]), `sha256=${hex}`, 'secret')).toBe(false);
  expect(signatureMatches(raw, `sha256=${hex}`, 'other')).toBe(false);
});
