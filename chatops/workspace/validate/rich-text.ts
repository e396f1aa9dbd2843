import { anything, byType, link, list, may, must, object, oneOf, type Rule, string, whole } from './check';

const inline = byType({
  text: object({ text: must(string(12_000, 1)), style: may(anything) }),
  link: object({ url: must(link), text: may(string(12_000)) }),
  user: object({ user_id: must(string(50, 1)) }),
  usergroup: object({ usergroup_id: must(string(50, 1)) }),
  channel: object({ channel_id: must(string(50, 1)) }),
  team: object({ team_id: must(string(50, 1)) }),
  emoji: object({ name: must(string(255, 1)) }),
  broadcast: object({ range: must(oneOf('here', 'channel', 'everyone')) }),
  date: object({ timestamp: must(anything), format: must(string(255, 1)) }),
  color: object({ value: must(string(20)) }),
});
const inlines = list(inline, { max: 5000 });
const border = may(whole(0, 1));

export const richText: Rule = object({
  elements: must(
    list(
      byType({
        rich_text_section: object({ elements: must(inlines) }),
        rich_text_preformatted: object({ elements: must(inlines), border, language: may(string(50)) }),
        rich_text_quote: object({ elements: must(inlines), border }),
        rich_text_list: object({
          style: must(oneOf('bullet', 'ordered')),
          elements: must(list(byType({ rich_text_section: object({ elements: must(inlines) }) }), { max: 500 })),
          indent: may(whole(0, 8)),
          offset: may(whole(0, 100_000)),
          border,
        }),
      }),
      { max: 500 },
    ),
  ),
});
