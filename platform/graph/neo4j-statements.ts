/**
 * What is stored, and what is asked:
 *
 *     (Learner)-[:ANSWERED {id, at, correct, ms, skill, level}]->(Item)-[:EXERCISES]->(Skill)
 *     (Learner)-[:LEVEL {id, at}]->(Level)
 *
 * An answer carries skill and level as they were when it was given. The constraints are what makes MERGE safe: without
 * them two that merge the same at once make it twice.
 */
export const constraints = [
  'CREATE CONSTRAINT learner_id IF NOT EXISTS FOR (n:Learner) REQUIRE n.id IS UNIQUE',
  'CREATE CONSTRAINT item_id IF NOT EXISTS FOR (n:Item) REQUIRE n.id IS UNIQUE',
  'CREATE CONSTRAINT skill_name IF NOT EXISTS FOR (n:Skill) REQUIRE n.name IS UNIQUE',
  'CREATE CONSTRAINT level_name IF NOT EXISTS FOR (n:Level) REQUIRE n.name IS UNIQUE',
  'CREATE CONSTRAINT answer_id IF NOT EXISTS FOR ()-[r:ANSWERED]-() REQUIRE r.id IS UNIQUE',
  'CREATE CONSTRAINT level_fact_id IF NOT EXISTS FOR ()-[r:LEVEL]-() REQUIRE r.id IS UNIQUE',
  'CREATE INDEX answer_at IF NOT EXISTS FOR ()-[r:ANSWERED]-() ON (r.at)',
];

export const recordLevels = `
UNWIND $facts AS fact
MERGE (learner:Learner {id: fact.learner})
MERGE (level:Level {name: fact.level})
MERGE (learner)-[reached:LEVEL {id: fact.id}]->(level)
ON CREATE SET reached.at = datetime({epochMillis: toInteger(fact.at)})`;

export const recordAnswers = `
UNWIND $facts AS fact
MERGE (learner:Learner {id: fact.learner})
MERGE (item:Item {id: fact.item})
MERGE (skill:Skill {name: fact.skill})
MERGE (item)-[:EXERCISES]->(skill)
MERGE (learner)-[answer:ANSWERED {id: fact.id}]->(item)
ON CREATE SET answer.at = datetime({epochMillis: toInteger(fact.at)}), answer.correct = fact.correct,
  answer.ms = toInteger(fact.ms), answer.skill = fact.skill, answer.level = fact.level`;

/** No row for a learner nobody recorded. */
export const learner = `
MATCH (learner:Learner {id: $id})
CALL (learner) {
  OPTIONAL MATCH (learner)-[fact:LEVEL]->(level:Level)
  WITH level.name AS level ORDER BY fact.at DESC, fact.id DESC
  RETURN collect(level)[0] AS level
}
CALL (learner) {
  MATCH (learner)-[answer:ANSWERED]->()
  WITH answer.skill AS skill, count(*) AS answers, sum(CASE WHEN answer.correct THEN 1 ELSE 0 END) AS correct,
    percentileCont(answer.ms, 0.5) AS medianMs
  ORDER BY skill
  RETURN collect({skill: skill, answers: answers, correct: correct, medianMs: medianMs}) AS skills
}
RETURN level, skills`;

/** With a skill the walk begins at its node. */
export const hardestItems = (ofSkill: boolean): string => `
MATCH ${ofSkill ? '(:Skill {name: $skill})<-[:EXERCISES]-(item:Item)<-[answer:ANSWERED {skill: $skill}]-()' : '(item:Item)<-[answer:ANSWERED]-()'}
WITH item.id AS item, answer.skill AS skill, count(*) AS answers,
  sum(CASE WHEN answer.correct THEN 1.0 ELSE 0.0 END) / count(*) AS correctShare
WHERE answers >= $minAnswers
RETURN item, skill, answers, correctShare ORDER BY correctShare, item, skill LIMIT toInteger($limit)`;

export const day = `
MATCH (learner:Learner)-[answer:ANSWERED]->()
WHERE answer.at >= datetime({epochMillis: toInteger($start)}) AND answer.at < datetime({epochMillis: toInteger($end)})
RETURN answer.level AS level, count(DISTINCT learner) AS learners, count(*) AS answers,
  sum(CASE WHEN answer.correct THEN 1 ELSE 0 END) AS correct
ORDER BY level`;
