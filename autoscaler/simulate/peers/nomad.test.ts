import { seen } from './fixture-observation';
import { nomad, targetValue } from './nomad';

// developer.hashicorp.com/nomad/docs/autoscaling/plugins/strategy/target-value: "factor = 80/70 … 10 ~= 12".
test.each([
  ['80 at a target of 70 makes 12 of 10', [10, 80, 70], 12],
  ['half the target makes half', [10, 35, 70], 5],
  ['none are needed from none but the factor', [0, 140, 70], 2],
  ['a target of nought takes the metric itself', [3, 2, 0], 6],
] as const)('%s', (_what, [count, metric, target], expected) => {
  expect(targetValue(count, metric, target)).toBe(expected);
});

test('nothing within a hundredth of the target', () => {
  expect(targetValue(10, 70.7, 70)).toBeUndefined();
  expect(targetValue(10, 70.8, 70)).toBe(11);
});

test('after an action it rests for five minutes', () => {
  const policy = nomad(0.5, 0.8);
  const busy = seen({ busy: 1, hosts: { ready: 8 } });
  expect(policy.decide(busy, 0).instances).toBe(16);
  expect(policy.decide(seen({ busy: 1, hosts: { ready: 8 }, instances: { wanted: 16 } }), 299_000).instances).toBe(16);
  expect(policy.decide(seen({ busy: 1, hosts: { ready: 8 }, instances: { wanted: 16 } }), 300_000).instances).toBe(32);
});

test('the cluster follows what is allocated, and is left alone while a client comes up', () => {
  const full = { instances: { wanted: 20, ready: 8 }, busy: 0.5 };
  expect(nomad(0.5, 0.8).decide(seen(full), 0).hosts).toBe(3);
  expect(nomad(0.5, 0.8).decide(seen({ ...full, hosts: { ready: 2, booting: 1 } }), 0).hosts).toBe(3);
  expect(nomad(0.5, 0.8).decide(seen({ ...full, hosts: { ready: 4 } }), 0).hosts).toBe(3);
});

test('without metrics the job is left alone', () => {
  expect(nomad().decide(seen({ busy: 1, missing: true }), 0).instances).toBe(8);
});
