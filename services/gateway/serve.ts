import { setTimeout as pause } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import type { Logger } from '../../platform/log';
import { sends } from '../../platform/metrics';
import { inSpan } from '../../platform/tracing';
import { backoff } from './backoff';
import type { Verdict } from './classify';
import { leavesWithin, type Sight, settle } from './doubt';
import type { Gate } from './gate';
import type { GraphApi } from './graph-api';
import type { Claim, Send, SendStore } from './store';
import { messagingType, withinWindow } from './window';

/** Sends what is due to the claimed student, in order; returns when to come back, if a time is known. */
export type Serve = (claim: Claim, stopping: AbortSignal) => Promise<Date | undefined>;

export interface ServeDeps {
  readonly store: SendStore;
  readonly api: GraphApi;
  readonly gate: Gate;
  readonly log: Logger;
}

/** What follows one step: the next look, nothing since the claim ended with it, or letting go until `wakeAt`. */
type Next = 'look-again' | 'released' | { readonly wakeAt: Date };

/** A send whose turn it is, as its holder saw it. */
interface Turn {
  readonly claim: Claim;
  readonly send: Send;
  readonly now: Date;
  readonly arrived: string;
  /** When it was seen, by `performance.now()`. */
  readonly seen: number;
  readonly patience: Patience;
}

/** What a holder knows of a Messenger that was slow to answer: before that a conversation does not prove that a send is lost. */
interface Patience {
  until: Date;
}

interface Done {
  readonly comeBack: Date | undefined;
}

export function serveStudent({ store, api, gate, log }: ServeDeps): Serve {
  const now = () => Date.now();

  const trySend = async (turn: Turn): Promise<Next> => {
    if (!withinWindow(turn.send.windowStart, turn.now)) {
      await fail(turn.send, 'window', 'the 24-hour window is closed');
      return 'look-again';
    }
    for (let attempt = turn.send.attempt + 1; ; attempt += 1) {
      const asked = performance.now();
      if (!(await store.begin(turn.claim, turn.send))) return 'look-again';
      const next = await request(turn, attempt, asked);
      if (next !== 'late') return next;
    }
  };

  /** The request of a send that is begun, unless it is too late for it. */
  const request = async (turn: Turn, attempt: number, asked: number): Promise<Next | 'late'> => {
    const began = performance.now();
    const left = asked + leavesWithin(attempt) - began;
    if (left <= 0) return 'late';
    const verdict = await api.send({ ...turn.send, messagingType: messagingType(turn.send) }, left);
    if (verdict.kind === 'late') return 'late';
    sends.inc({ outcome: verdict.kind });
    // a request that found no answer for so long may still be taken within as long again
    const answered = performance.now();
    turn.patience.until = new Date(turn.now.getTime() + (answered - turn.seen) + (answered - began));
    return insist(() => conclude(turn, verdict));
  };

  const conclude = async (turn: Turn, verdict: Exclude<Verdict, { kind: 'late' }>): Promise<Next> => {
    const { claim, send, now: at, arrived } = turn;
    const about = { reply: send.id, student: send.student, sequence: send.sequence };
    switch (verdict.kind) {
      case 'sent': {
        gate.succeeded();
        const released = await store.sent(claim, send, arrived, verdict.messageId);
        log.info(
          { event: 'reply.sent', ...about, messageId: verdict.messageId },
          `Reply ${send.sequence} to ${send.student} is sent`,
        );
        return released ? 'released' : 'look-again';
      }
      case 'permanent':
        await fail(send, verdict.code, verdict.why);
        return 'look-again';
      case 'limited':
        gate.limited(verdict.retryAfterMs, now());
        log.warn(
          { ...about, why: verdict.why, pauseMs: gate.closedFor(now()) },
          'Messenger limits our calls; all sends pause',
        );
        await store.rejected(claim, send);
        return { wakeAt: at };
      case 'token':
        gate.refused(verdict.why, now());
        log.error(
          { ...about, why: verdict.why },
          'Messenger refuses the page token; replies are kept until it is mended',
        );
        await store.rejected(claim, send);
        return { wakeAt: at };
      case 'retry':
        await store.rejected(claim, send);
        log.warn({ ...about, why: verdict.why }, 'A reply could not be sent; trying again');
        return { wakeAt: new Date(now() + backoff(send.rejections + 1, Math.random())) };
      case 'doubt':
        log.warn({ ...about, why: verdict.why }, 'Whether a reply was sent is not known; finding out');
        return { wakeAt: turn.patience.until };
    }
  };

  const clearDoubt = async (turn: Turn): Promise<Next> => {
    const { claim, send, now: at, arrived, patience } = turn;
    if (at < patience.until) return { wakeAt: patience.until };
    const firstStartedAt = send.firstStartedAt ?? send.startedAt ?? at;
    const doubt = { startedAt: send.startedAt ?? at, attempt: send.attempt, looks: send.looks };
    let step = settle(doubt, undefined, at);
    if (step.do === 'look') {
      const sight: Sight = await api.look({
        student: send.student,
        text: send.text,
        firstStartedAt,
        claimed: await store.claimedIds(send),
      });
      if (sight === 'unanswered') await store.lookedInVain(send);
      step = settle(doubt, sight, at);
    }
    const about = { reply: send.id, student: send.student, sequence: send.sequence, reason: step.reason };
    switch (step.do) {
      case 'sent': {
        const { messageId } = step;
        const released = await insist(() => store.sent(claim, send, arrived, messageId));
        sends.inc({ outcome: 'settled' });
        log.info({ event: 'reply.settled', ...about, messageId }, 'A reply in doubt had been sent');
        return released ? 'released' : 'look-again';
      }
      case 'send-again':
        log.info({ event: 'reply.settled', ...about }, 'A reply in doubt had not been sent; sending it again');
        return trySend(turn);
      case 'wait':
        return { wakeAt: step.until };
      case 'look':
        return { wakeAt: at };
    }
  };

  const fail = async (send: Send, code: string, why: string): Promise<void> => {
    await insist(() => store.failed(send, `${code}: ${why}`));
    sends.inc({ outcome: 'failed' });
    const about = { reply: send.id, student: send.student, sequence: send.sequence, code, why };
    log.warn({ event: 'reply.failed', ...about }, `Reply ${send.sequence} to ${send.student} can not be sent: ${why}`);
  };

  const step = (turn: Turn, begun: Claim['begun']): Promise<Next> => {
    const { send } = turn;
    const options = {
      kind: SpanKind.CLIENT,
      parent: send.headers,
      attributes: { 'edwin.reply': send.id, 'edwin.student': send.student },
    };
    if (begun)
      return inSpan('send reply', options, async () => {
        const next = await request(turn, send.attempt, begun.asked);
        return next === 'late' ? trySend(turn) : next;
      });
    if (send.state === 'queued') return inSpan('send reply', options, () => trySend(turn));
    return inSpan('settle reply', options, () => clearDoubt(turn));
  };

  /** One look and what follows from it; undefined when there is more to do at once. */
  const look = async (
    claim: Claim,
    patience: Patience,
    stopping: AbortSignal,
    begun: Claim['begun'],
  ): Promise<Done | undefined> => {
    const view = begun ?? (await store.view(claim));
    if (!view) return { comeBack: undefined };
    const seen = begun?.asked ?? performance.now();
    const { send, now: at, arrived } = view;
    if (send?.state === 'sent' || send?.state === 'failed') {
      await store.pass(send);
      return undefined;
    }
    let wakeAt: Date | null = null;
    if (send) {
      const held = begun === undefined && (stopping.aborted || gate.closedFor(now()) > 0);
      const turn: Turn = { claim, send, now: at, arrived, seen, patience };
      const next: Next = held ? { wakeAt: at } : await step(turn, begun);
      if (next === 'look-again') return undefined;
      if (next === 'released') return { comeBack: undefined };
      wakeAt = next.wakeAt;
    }
    return (await store.release(claim, arrived, wakeAt)) ? { comeBack: wakeAt ?? undefined } : undefined;
  };

  return async (claim, stopping) => {
    let { begun } = claim;
    const patience: Patience = { until: new Date(0) };
    for (let failures = 0; ; ) {
      try {
        const first = begun;
        begun = undefined;
        const done = await look(claim, patience, stopping, first);
        failures = 0;
        if (done) return done.comeBack;
      } catch (error) {
        // what is stored tells where to go on; a program that stops leaves that to others
        if (stopping.aborted) throw error;
        if (failures++ === 0) log.warn({ error, student: claim.student }, 'Replies to a student wait for the database');
        await pause(Math.min(1_000, 50 * failures), undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  };
}

/** Repeats what must be written while the database is away for some seconds; every statement here may be repeated. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= 30) throw error;
      await pause(Math.min(1_000, 50 * attempt));
    }
  }
}
