import { EdwinError } from '../../errors';
import { readAddress } from './address';

test('host, virtual host and user come from the address, the management API from the same host', () => {
  const { where, vhost, connect, management } = readAddress('amqp://stage:p%40ss@10.0.0.5/stage');
  expect(where).toBe('10.0.0.5:5672 (virtual host stage)');
  expect(vhost).toBe('stage');
  expect(connect).toMatchObject({
    hostname: '10.0.0.5',
    port: 5672,
    username: 'stage',
    password: 'p@ss',
    heartbeat: 4,
  });
  expect(management).toEqual({ url: 'http://10.0.0.5:15672', user: 'stage', password: 'p@ss' });
});

test.each([
  ['amqps://a:b@rabbit.example/x', { url: 'https://rabbit.example:15671', user: 'a', password: 'b' }],
  [
    'amqp://a:b@rabbit/x?management=https://m:n@other:444/api-prefix/',
    { url: 'https://other:444/api-prefix', user: 'm', password: 'n' },
  ],
  ['amqp://a:b@rabbit/x?management=none', undefined],
])('%s has its management API at %j', (url, management) => {
  expect(readAddress(url).management).toEqual(management);
});

test.each([
  ['amqp://a:b@rabbit', '/'],
  ['amqp://a:b@rabbit/', '/'],
  ['amqp://a:b@rabbit/%2F', '/'],
  ['amqp://a:b@rabbit/team%2Fstage', 'team/stage'],
])('%s names virtual host %s', (url, vhost) => {
  expect(readAddress(url).vhost).toBe(vhost);
});

test.each([
  ['amqp://user:secret@rabbit/x?heartbeats=3', 'no setting "heartbeats"'],
  ['amqp://user:secret@rabbit/x?heartbeat=soon', 'heartbeat is not'],
  ['amqp://user:secret@rabbit/x?ca=/no/such/file.pem', 'ca=/no/such/file.pem can not be read'],
  ['amqp://user:secret@rabbit/x?management=secret', 'it is no address'],
  ['amqp://rabbit/x', 'it names no user'],
  ['amqp:secret@', 'it names no user'],
])('%s is refused without its password', (url, why) => {
  const attempt = () => readAddress(url);
  expect(attempt).toThrow(why);
  expect(attempt).toThrow(EdwinError);
  expect(attempt).not.toThrow(/:secret/);
});
