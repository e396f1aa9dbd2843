import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** All metrics of this process; `/metrics` prints it. Base units: seconds, bytes, counts. */
export const metrics = new Registry();

/** Called once by `runProgram`: process metrics and the labels every series carries. */
export function describeProcess(labels: { service: string; environment: string; version: string }): void {
  metrics.setDefaultLabels(labels);
  collectDefaultMetrics({ register: metrics });
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
  new Counter({ name, help, labelNames, registers: [metrics] });
const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
  new Gauge({ name, help, labelNames, registers: [metrics] });
const histogram = <L extends string>(name: string, help: string, labelNames: L[]) =>
  new Histogram({ name, help, labelNames, buckets: seconds, registers: [metrics] });

export const httpRequests = histogram('edwin_http_request_seconds', 'HTTP requests answered', ['route', 'status']);
export const messagesPublished = counter('edwin_messages_published_total', 'Messages stored by the queue', ['queue']);
export const messagesHandled = histogram('edwin_message_handle_seconds', 'Handling of a message', ['queue', 'outcome']);
export const messageAge = histogram('edwin_message_age_seconds', 'From publishing to the start of handling', ['queue']);
export const outboxWaiting = gauge('edwin_outbox_waiting', 'Messages committed but not yet relayed', ['service']);
export const webhookRefused = counter('edwin_webhook_refused_total', 'Webhook calls refused', ['reason']);
export const sends = counter('edwin_sends_total', 'Calls of the Send API', ['outcome']);
export const operations = histogram('edwin_operation_seconds', 'Operations by how they ended', ['kind', 'outcome']);
export const instancesReplaced = counter('edwin_instances_replaced_total', 'Instances that died and were replaced', [
  'managed_environment',
  'managed_service',
]);
export const commands = histogram('edwin_command_seconds', 'Chat commands, from arrival to answer', [
  'verb',
  'outcome',
]);
export const acknowledgements = histogram(
  'edwin_acknowledge_seconds',
  'From arrival of a command to its acknowledgement',
  ['door'],
);
export const chatEdits = counter('edwin_chat_edits_total', 'Edits of messages', ['outcome']);
export const edgeRequests = histogram('edwin_edge_request_seconds', 'Requests through the edge', ['pool', 'status']);
export const edgeRetries = counter('edwin_edge_retries_total', 'Requests tried on another server', ['pool', 'reason']);
export const telemetryDocuments = counter('edwin_telemetry_documents_total', 'Documents by fate', ['kind', 'fate']);
export const answers = counter('edwin_answers_total', 'Answers of students', ['level', 'correct']);
export const nudges = counter('edwin_nudges_total', 'Reminders and ends of sessions that were due', ['kind']);
export const uploads = counter('edwin_uploads_total', 'Events for Google Analytics by fate', ['fate']);
export const telemetryWaiting = gauge('edwin_telemetry_waiting', 'Documents taken but not yet stored', []);
