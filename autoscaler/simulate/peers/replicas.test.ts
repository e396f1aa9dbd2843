import { externalReplicas, resourceReplicas, Stabilized } from './replicas';

// Examples of kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale, "Algorithm details".
describe('the Horizontal Pod Autoscaler', () => {
  const pods = { target: 0.1, ready: 4, unready: 0 };

  test.each([
    ['doubles the pods when usage is 200m and 100m is wanted', { ...pods, usage: 0.2 }, 8],
    ['halves them at 50m', { ...pods, usage: 0.05 }, 2],
    ['leaves them while the ratio is within a tenth of 1', { ...pods, usage: 0.109 }, 4],
    ['leaves them at a tenth below', { ...pods, usage: 0.09 }, 4],
    ['rounds up', { ...pods, usage: 0.13 }, 6],
  ])('%s', (_what, given, expected) => {
    expect(resourceReplicas(given)).toBe(expected);
  });

  // replica_calculator_test.go: "ScaleUpUnreadyLessScale", "ScaleUpUnreadyNoScale", "ScaleDownIgnoresUnreadyPods".
  test.each([
    [
      'counts pods that are not ready as unused when it scales up',
      { usage: 0.6, target: 0.3, ready: 3, unready: 1 },
      6,
    ],
    ['does not scale up when they would then be idle', { usage: 0.4, target: 0.3, ready: 1, unready: 2 }, 3],
    ['looks at ready pods alone when it scales down', { usage: 0.3, target: 0.5, ready: 3, unready: 2 }, 2],
  ])('%s', (_what, given, expected) => {
    expect(resourceReplicas(given)).toBe(expected);
  });

  test('takes the most that was recommended within five minutes before it scales down', () => {
    const stabilized = new Stabilized();
    expect(stabilized.replicas(8, 8, 0)).toBe(8);
    expect(stabilized.replicas(3, 8, 15_000)).toBe(8);
    expect(stabilized.replicas(3, 8, 299_000)).toBe(8);
    expect(stabilized.replicas(3, 8, 300_000)).toBe(3);
  });

  test('scales up to twice the pods, or four, at a time', () => {
    expect(new Stabilized().replicas(100, 10, 0)).toBe(20);
    expect(new Stabilized().replicas(100, 1, 0)).toBe(4);
  });

  test('keeps one pod', () => {
    expect(new Stabilized().replicas(0, 1, 0)).toBe(1);
  });
});

// keda.sh/docs/scalers/rabbitmq-queue: "if one pod can handle 10 messages, set the queue length target to 10. If the
// actual number of messages in the queue is 30, the scaler scales to 3 pods."
describe('an external metric of KEDA', () => {
  test.each([
    ['30 messages at 10 a pod are 3 pods', [30, 10, 1], 3],
    ['31 are 4', [31, 10, 1], 4],
    ['within a tenth of what the pods are meant for nothing changes', [32, 10, 3], 3],
    ['none are none', [0, 10, 3], 0],
  ] as const)('%s', (_what, [metric, target, current], expected) => {
    expect(externalReplicas(metric, target, current)).toBe(expected);
  });
});
