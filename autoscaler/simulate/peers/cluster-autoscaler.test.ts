import { ClusterAutoscaler } from './cluster-autoscaler';
import { seen, start } from './fixture-observation';

const MINUTE = 60_000;
const nodes = (ready: number, booting = 0, since: number[] = []): Parameters<ClusterAutoscaler['nodes']>[0] =>
  seen({ hosts: { ready, booting, bootingSince: since.length > 0 ? since : Array(booting).fill(0) } });

test('nodes are added for pods that fit neither on nodes nor on those that come up', () => {
  const cluster = new ClusterAutoscaler();
  expect(cluster.nodes(nodes(2), 9, 0).hosts).toBe(3);
  expect(cluster.nodes(nodes(2, 1), 12, 0).hosts).toBe(3);
  expect(cluster.nodes(nodes(2, 1), 13, 0).hosts).toBe(4);
});

test('a node goes after it was unneeded for ten minutes, not a moment before', () => {
  const cluster = new ClusterAutoscaler();
  expect(cluster.nodes(nodes(4), 8, 0).hosts).toBe(4);
  expect(cluster.nodes(nodes(4), 8, 10 * MINUTE - 1).hosts).toBe(4);
  expect(cluster.nodes(nodes(4), 8, 10 * MINUTE)).toMatchObject({ hosts: 2, removeFirst: 'ready' });
});

test('a node that was needed in between begins anew', () => {
  const cluster = new ClusterAutoscaler();
  cluster.nodes(nodes(4), 8, 0);
  cluster.nodes(nodes(4), 12, 5 * MINUTE);
  cluster.nodes(nodes(4), 8, 6 * MINUTE);
  expect(cluster.nodes(nodes(4), 8, 10 * MINUTE).hosts).toBe(3);
  expect(cluster.nodes(nodes(3), 8, 16 * MINUTE).hosts).toBe(2);
});

test('nothing is removed within ten minutes of an addition', () => {
  const cluster = new ClusterAutoscaler();
  cluster.nodes(nodes(4), 8, 0);
  cluster.nodes(nodes(4), 20, 9 * MINUTE);
  expect(cluster.nodes(nodes(5), 8, 18 * MINUTE).hosts).toBe(5);
  expect(cluster.nodes(nodes(5), 8, 28 * MINUTE).hosts).toBe(2);
});

test('ten nodes go at once at most', () => {
  const cluster = new ClusterAutoscaler();
  cluster.nodes(nodes(30), 4, 0);
  expect(cluster.nodes(nodes(30), 4, 10 * MINUTE).hosts).toBe(20);
});

test('a node that does not come up within 15 minutes is given up and asked for again', () => {
  const cluster = new ClusterAutoscaler();
  cluster.begin(start([]));
  expect(cluster.nodes(nodes(2, 1, [0]), 12, 15 * MINUTE)).toMatchObject({ hosts: 3, giveUp: 0 });
  expect(cluster.nodes(nodes(2, 1, [0]), 12, 15 * MINUTE + 1)).toMatchObject({ hosts: 3, giveUp: 1 });
});
