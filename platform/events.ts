/**
 * Names of log events, `noun.verb`: `log.info({ event: 'instance.started', … }, 'sentence')`. A name means one thing
 * for ever; dashboards, alerts and tests rely on it. In the telemetry store it is `event_name`.
 */
const events = [
  'program.started',
  'program.stopped',
  'program.failed',
  // operations
  'operation.requested',
  'operation.resumed',
  'deployment.started',
  'deployment.finished',
  'rollback.started',
  'rollback.finished',
  'step.started',
  'step.done',
  'instance.started',
  'instance.exited',
  'instance.replaced',
  'instance.unhealthy',
  'image.built',
  'release.created',
  'drift.found',
  // chat
  'command.received',
  'command.refused',
  'command.failed',
  'message.posted',
  'chat.limited',
  'chat.reconnected',
  // queue
  'message.redelivered',
  'message.dead',
  'queue.reconnected',
  // product
  'webhook.refused',
  'webhook.verified',
  'message.received',
  'message.duplicated',
  'message.saved',
  'message.answered',
  'reply.sent',
  'reply.settled',
  'reply.failed',
  'student.placed',
  'reminder.sent',
  'session.expired',
  'aggregate.stored',
  'upload.failed',
  'upload.done',
  // telemetry
  'telemetry.rejected',
  'telemetry.dropped',
] as const;

export type EventName = (typeof events)[number];
