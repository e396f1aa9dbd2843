import { show } from '../acts/submit';
import { SlackFailure } from '../failure';
import { isObject } from '../json';
import { readView } from '../validate/view';
import { type Methods, needUser } from './method';

const tier4 = { tier: 'tier4', token: 'bot' } as const;

export const views: Methods = {
  'views.open': {
    ...tier4,
    run: async (core, args) => {
      const modal = readView(args['view'], 'modal');
      const user = core.triggers.use(args['trigger_id'] ?? args['interactivity_pointer']);
      const view = await core.views.open(user, modal);
      show(core, { id: user }, view);
      return { view };
    },
  },
  'views.push': {
    ...tier4,
    run: async (core, args) => {
      const modal = readView(args['view'], 'modal');
      const user = core.triggers.use(args['trigger_id'] ?? args['interactivity_pointer']);
      const view = await core.views.push(user, modal);
      show(core, { id: user }, view);
      return { view };
    },
  },
  'views.update': {
    ...tier4,
    run: async (core, args) => {
      if (args['view_id'] === undefined && args['external_id'] === undefined)
        throw new SlackFailure('invalid_arguments');
      const kind = isObject(args['view']) && args['view']['type'] === 'home' ? 'home' : 'modal';
      const body = readView(args['view'], kind);
      const { view, user } = await core.views.update(
        { id: args['view_id'], externalId: args['external_id'], hash: args['hash'] },
        body,
      );
      if (kind === 'modal') show(core, { id: user }, view);
      return { view };
    },
  },
  'views.publish': {
    ...tier4,
    run: async (core, args) => {
      const user = needUser(core, args['user_id']);
      const view = await core.views.publish(user.id, readView(args['view'], 'home'), args['hash']);
      core.feed.publish({ type: 'home', to: user.id, data: { view } });
      return { view };
    },
  },
};
