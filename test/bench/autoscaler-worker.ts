import { type Task, work } from './autoscaler-tasks';

/** A process of the benchmark: answers one task after the other until its parent lets go of it. */
process.on('message', (task: Task) => {
  process.send?.(work(task));
});
