import { inversions } from './messenger';

describe('the order of replies', () => {
  test.each([
    ['as sent', ['a', 'b', 'c'], 0],
    ['one overtaken', ['b', 'a', 'c'], 1],
    ['the first last', ['b', 'c', 'a'], 1],
    ['backwards', ['c', 'b', 'a'], 2],
    ['a repeat is no overtaking', ['a', 'a', 'b', 'c'], 0],
    ['a gap is no overtaking', ['a', 'c'], 0],
  ])('%s', (_name, answered, expected) => {
    expect(inversions(['a', 'b', 'c'], answered)).toBe(expected);
  });
});
