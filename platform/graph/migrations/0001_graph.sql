-- Facts as they were recorded; every answer of the port is counted from them.
CREATE TABLE learners (
  id      text COLLATE "C" PRIMARY KEY,
  at      timestamptz NOT NULL,
  learner text COLLATE "C" NOT NULL,
  level   text COLLATE "C" NOT NULL
);
CREATE INDEX learners_newest ON learners (learner, at DESC, id DESC);

CREATE TABLE answers (
  id      text COLLATE "C" PRIMARY KEY,
  at      timestamptz NOT NULL,
  learner text COLLATE "C" NOT NULL,
  item    text COLLATE "C" NOT NULL,
  skill   text COLLATE "C" NOT NULL,
  level   text COLLATE "C" NOT NULL,
  correct boolean NOT NULL,
  ms      bigint NOT NULL
);
CREATE INDEX answers_learner ON answers (learner);
CREATE INDEX answers_item ON answers (skill, item);
CREATE INDEX answers_day ON answers (at);
