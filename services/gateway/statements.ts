import { liveSessions } from '../../platform/database/listen';

/** Longer than any call of the Send API: only a process that stands still loses a claim by it. */
const LEASE = "interval '30 seconds'";

/**
 * A student whom nobody holds and who waits for nothing is claimed with the reply whose turn it is; else that reply
 * makes the student due. Any other reply only raises `arrived`: whoever holds the student looks again, and a gap is
 * waited for. A row was claimed by this statement if its lease begins with it. Students are locked in order of their ids.
 */
export const arrive = `
  with given as (
    select * from jsonb_to_recordset($1::jsonb) as g (
      id text, student text, sequence bigint, "inReplyTo" text, text text, "quickReplies" jsonb,
      "windowStart" timestamptz, headers jsonb, "atOnce" boolean)),
  turn as (
    insert into gateway.students as s (id, arrived, wake_at, holder, lease_until, fence)
    select student, count(*), case when bool_or(sequence = 1) then now() end,
           case when bool_or(sequence = 1 and "atOnce") then $2::text end,
           case when bool_or(sequence = 1 and "atOnce") then now() + ${LEASE} end,
           case when bool_or(sequence = 1 and "atOnce") then 1 else 0 end
    from given group by student order by student
    on conflict (id) do update set
      arrived = s.arrived + excluded.arrived,
      (wake_at, holder, lease_until, fence) = (
        select coalesce(s.wake_at, case when count(*) > 0 then now() end),
               case when bool_or(free) then $2::text else s.holder end,
               case when bool_or(free) then now() + ${LEASE} else s.lease_until end,
               case when bool_or(free) then s.fence + 1 else s.fence end
        from (select g."atOnce" and s.holder is null and s.wake_at is null as free
              from given g where g.student = s.id and g.sequence = s.next_sequence) as its)
    returning id, fence, arrived, next_sequence, holder is null and wake_at <= now() as due,
              holder is not null and holder = $2::text and lease_until = now() + ${LEASE} as claimed),
  added as (
    insert into gateway.sends (id, student, sequence, in_reply_to, text, quick_replies, window_start, headers,
                               state, attempt, started_at, first_started_at)
    select g.id, g.student, g.sequence, "inReplyTo", text, "quickReplies", "windowStart", headers,
           case when begins then 'sending' else 'queued' end, case when begins then 1 else 0 end,
           case when begins then now() end, case when begins then now() end
    from (select g.*, t.claimed and g."atOnce" and g.sequence = t.next_sequence as begins
          from given g join turn t on t.id = g.student) as g
    on conflict do nothing returning id, student, state)
  select t.id as student, t.fence, t.arrived, t.claimed, t.due, now() as now, array_agg(a.id) filter (where a.id is not null) as added,
         min(a.id) filter (where a.state = 'sending') as begun
  from turn t left join added a on a.student = t.id group by t.id, t.fence, t.arrived, t.claimed, t.due`;

/** A claim is free when its session is gone; after a restart of the database, which ends every session, when its lease is over. */
export const claim = `
  with due as (
    select id from gateway.students s
    where wake_at <= now() and (holder is null or lease_until < now()
      or (split_part(holder, '@', 2)::numeric >= extract(epoch from pg_postmaster_start_time()) and holder not in (${liveSessions})))
    order by wake_at limit $2 for update skip locked)
  update gateway.students s set holder = $1, lease_until = now() + ${LEASE}, fence = fence + 1
  from due where s.id = due.id returning s.id as student, s.fence`;

export const adopt = `
  with held as (select id from gateway.students where holder = $1 order by id for update)
  update gateway.students s
  set holder = case when s.id = any ($3::text[]) then $2 end,
      lease_until = case when s.id = any ($3::text[]) then now() + ${LEASE} end
  from held where s.id = held.id`;

export const renew = `
  with held as (select id from gateway.students where holder = $1 and id = any ($2::text[]) order by id for update)
  update gateway.students s set lease_until = now() + ${LEASE} from held where s.id = held.id`;

export const view = `
  select now() as now, s.arrived, n.id, n.sequence, n.in_reply_to, n.text, n.quick_replies, n.window_start, n.headers,
         n.state, n.attempt, n.rejections, n.looks, n.started_at, n.first_started_at
  from gateway.students s left join gateway.sends n on n.student = s.id and n.sequence = s.next_sequence
  where s.id = $1 and s.fence = $2`;

export const begin = `
  update gateway.sends set state = 'sending', attempt = attempt + 1, looks = 0, started_at = now(),
         first_started_at = coalesce(first_started_at, now())
  where id = $1 and state in ('queued', 'sending') and exists (select from gateway.students where id = $2 and fence = $3)`;

export const rejected = `
  update gateway.sends set state = 'queued', attempt = attempt - 1, rejections = rejections + 1
  where id = $1 and state = 'sending' and exists (select from gateway.students where id = $2 and fence = $3)`;

/** What arrived before `$4` was seen is in this statement's snapshot; what came later has raised `arrived`. */
export const sent = `
  with settled as (
    update gateway.sends set state = 'sent', message_id = coalesce(message_id, $2), failure = null,
           settled_at = coalesce(settled_at, now())
    where id = $1 returning student, sequence),
  last as (
    select student, sequence, not exists (
      select from gateway.sends n where n.student = settled.student and n.sequence = settled.sequence + 1) as last
    from settled)
  update gateway.students s set next_sequence = s.next_sequence + 1,
    holder = case when last and s.fence = $3 and s.arrived = $4 then null else s.holder end,
    lease_until = case when last and s.fence = $3 and s.arrived = $4 then null else s.lease_until end,
    wake_at = case when last and s.fence = $3 and s.arrived = $4 then null else s.wake_at end
  from last where s.id = last.student and s.next_sequence = last.sequence
  returning last and s.fence = $3 and s.arrived = $4 as released`;

export const failed = `
  with settled as (
    update gateway.sends set state = case when state = 'sent' then 'sent' else 'failed' end,
           failure = case when state = 'sent' then null else $2 end, settled_at = coalesce(settled_at, now())
    where id = $1 returning student, sequence)
  update gateway.students s set next_sequence = s.next_sequence + 1
  from settled where s.id = settled.student and s.next_sequence = settled.sequence`;

export const release = `
  update gateway.students set holder = null, lease_until = null, wake_at = $4
  where id = $1 and fence = $2 and arrived = $3`;

/** Sends that an echo would settle. */
export const openSends = `
  select id from gateway.sends where id = any ($1::text[]) and state <> 'sent' and attempt > 0`;

/** Tells of those whom nobody serves at the moment: who serves one hears the answer, too. */
export const settleByEcho = `
  with settled as (
    update gateway.sends set state = 'sent', message_id = $3, failure = null, settled_at = now()
    where id = $1 and student = $2 and state <> 'sent' and attempt > 0 returning student)
  update gateway.students t set wake_at = now() from settled where t.id = settled.student and t.holder is null`;
