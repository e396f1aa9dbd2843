import { resolve } from 'node:path';
import { readOptions } from './options';

const defaults = { data: '.edwin', port: 4400, catalog: 'edwin.yaml' };

describe('the options of edwin up', () => {
  test('one program alone', () => {
    expect(readOptions(['--only', 'observability'], defaults)).toMatchObject({ only: 'observability' });
    expect(() => readOptions(['--only', 'kibana'], defaults)).toThrow('--only is one of edge, observability, chatops');
  });

  test('have defaults', () => {
    expect(readOptions([], defaults)).toEqual({
      data: resolve('.edwin'),
      port: 4400,
      catalog: resolve('edwin.yaml'),
      fill: true,
    });
  });

  test('are read', () => {
    const options = readOptions(['--data', '/tmp/x', '--port=4500', '--catalog', '/a/b.yaml', '--no-fill'], defaults);
    expect(options).toEqual({ data: '/tmp/x', port: 4500, catalog: '/a/b.yaml', fill: false });
  });

  test.each([['--port', 'many'], ['--port', '70000'], ['--prot', '1'], ['extra']])(
    '%s %s is refused with the usage',
    (...argv) => {
      expect(() =>
        readOptions(
          argv.filter((word) => word !== undefined),
          defaults,
        ),
      ).toThrow('Usage: edwin up');
    },
  );

  test('--help asks for help', () => {
    expect(readOptions(['--help'], defaults)).toBe('help');
  });
});
