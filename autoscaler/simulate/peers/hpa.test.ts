import { seen, start } from './fixture-observation';
import { hpa } from './hpa';
import { busyHours, cronReplicas, kedaCron, kedaQueue, kedaRate } from './keda';

test('HPA follows CPU, and its nodes follow the pods', () => {
  const policy = hpa(0.5);
  expect(policy.decide(seen({ busy: 0.8 }), 0)).toMatchObject({ instances: 13, hosts: 4 });
});

test('without metrics nothing changes', () => {
  for (const policy of [hpa(), kedaQueue(), kedaRate()])
    expect(policy.decide(seen({ missing: true, busy: 1, ready: 500, arrivalRate: 500 }), 0)).toMatchObject({
      instances: 8,
      hosts: 2,
      reason: 'no metric can be read',
    });
});

test('KEDA counts messages that wait and messages that are worked on', () => {
  expect(kedaQueue(20).decide(seen({ ready: 150, unacknowledged: 80 }), 0).instances).toBe(12);
});

test('of several triggers the one that asks for most decides', () => {
  expect(kedaRate(5, 20).decide(seen({ arrivalRate: 70, ready: 0, unacknowledged: 70 }), 0).instances).toBe(14);
  expect(kedaRate(5, 20).decide(seen({ arrivalRate: 50, ready: 210, unacknowledged: 70 }), 0).instances).toBe(14);
});

// keda.sh/docs/scalers/cron: desiredReplicas between start and end; "outside … scales down to the minimum".
test('cron is a floor within its hours, around midnight, too', () => {
  const hours = (at: number): number => cronReplicas({ start: 22, end: 6, replicas: 9 }, at * 3_600_000);
  expect([21.9, 22, 23, 24, 29.9, 30].map(hours)).toEqual([1, 9, 9, 9, 9, 1]);
  expect(cronReplicas({ start: 8, end: 18, replicas: 9 }, 17.9 * 3_600_000)).toBe(9);
  expect(cronReplicas({ start: 8, end: 18, replicas: 9 }, 18 * 3_600_000)).toBe(1);
});

test('cron’s hours are those in which more comes than on average, begun a boot earlier', () => {
  const day = Array.from({ length: 1440 }, (_, minute) => (minute >= 480 && minute < 1080 ? 6000 : 600));
  expect(busyHours(start([...day, ...day]), 5)).toEqual({ start: expect.closeTo(8 - 1 / 6, 9), end: 18, replicas: 20 });
  expect(busyHours(start(day.slice(0, 300)), 5)).toBeUndefined();
});

test('cron and queue: a floor, never a cap', () => {
  const day = Array.from({ length: 1440 }, (_, minute) => (minute >= 480 && minute < 1080 ? 6000 : 600));
  const policy = kedaCron(5);
  policy.begin?.(start(day));
  const noon = 12 * 3_600_000;
  expect(policy.decide(seen({ unacknowledged: 10, instances: { wanted: 19, ready: 19 } }), noon).instances).toBe(20);
  expect(policy.decide(seen({ unacknowledged: 150, instances: { wanted: 19, ready: 19 } }), noon).instances).toBe(30);
});
