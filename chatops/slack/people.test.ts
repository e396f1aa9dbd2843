import { silent } from '../../platform/log';
import { openPeople, type SlackUser, standingOf } from './people';

test.each([
  [{ team_id: 'T1' }, 'member'],
  [{ team_id: 'T1', is_bot: true }, 'bot'],
  [{ team_id: 'T1', is_workflow_bot: true }, 'bot'],
  [{ team_id: 'T1', is_restricted: true }, 'guest'],
  [{ team_id: 'T1', is_ultra_restricted: true }, 'guest'],
  [{ team_id: 'T2' }, 'stranger'],
  [{ team_id: 'T1', is_stranger: true }, 'stranger'],
  [{ team_id: 'T1', deleted: true }, 'stranger'],
] as const)('%j is a %s', (user, standing) => {
  expect(standingOf(user, 'T1')).toBe(standing);
});

function open(info: (id: string) => Promise<SlackUser>) {
  const asked: string[] = [];
  const people = openPeople({
    log: silent,
    ownTeam: () => 'T1',
    info: (id) => {
      asked.push(id);
      return info(id);
    },
  });
  return { people, asked };
}

test('a user is looked up once', async () => {
  const { people, asked } = open(async () => ({ team_id: 'T1', name: 'alice', profile: { display_name: 'Alice' } }));
  const actors = await Promise.all([people.actor({ id: 'U1', team: 'T1' }), people.actor({ id: 'U1', team: 'T1' })]);
  expect(actors[0]).toEqual({ id: 'slack:U1', door: 'slack', name: 'Alice', standing: 'member' });
  expect(asked).toEqual(['U1']);
});

test('people of another workspace are strangers without being looked up', async () => {
  const { people, asked } = open(async () => ({ team_id: 'T2' }));
  expect(await people.actor({ id: 'U1', team: 'T2' })).toMatchObject({ standing: 'stranger' });
  expect(asked).toEqual([]);
});

test('who can not be looked up is a stranger, and is asked about again', async () => {
  let fails = true;
  const { people } = open(async () => {
    if (fails) throw new Error('away');
    return { team_id: 'T1' };
  });
  expect(await people.actor({ id: 'U1', team: 'T1' })).toMatchObject({ standing: 'stranger' });
  fails = false;
  expect(await people.actor({ id: 'U1', team: 'T1' })).toMatchObject({ standing: 'member' });
});
