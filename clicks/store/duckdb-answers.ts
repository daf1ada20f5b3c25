/** Answers questions from the tables of a click store in DuckDB, all statements of one at one moment. */
import { DuckDbDialect } from './duckdb-dialect.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'
import type { Answer, Question } from './question.ts'
import { answerFrom, type TableSpans } from './question-answer.ts'

/** @throws TinygridError invalid_field: as `answerFrom` */
export async function answer(
  turn: DuckDbTurn,
  question: Question,
  spans: TableSpans,
): Promise<Answer> {
  return turn.atOneMoment(() =>
    answerFrom(question, spans, {
      keepsRows: true,
      askRows: async (make) => {
        const dialect = new DuckDbDialect()
        const sql = make(dialect)
        return (await turn.read(sql, dialect)).getRowObjects()
      },
    }),
  )
}
