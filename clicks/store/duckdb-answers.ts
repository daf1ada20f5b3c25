/** Answers questions from the tables of a click store in DuckDB, all statements of one at one moment. */
import { DuckDbDialect } from './duckdb-dialect.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'
import type { Answer, Question } from './question.ts'
import { answerFrom, type TableSpans } from './question-answer.ts'

/**
 * @param spansNow wide enough for all that was committed when it is called
 * @throws TinygridError invalid_field: as `answerFrom`
 */
export async function answer(
  turn: DuckDbTurn,
  question: Question,
  spansNow: () => TableSpans,
): Promise<Answer> {
  // The spans are of the moment or later: what is rolled up in between is in what is read, or in the spans.
  return turn.atOneMoment(() =>
    answerFrom(question, spansNow(), {
      keepsRows: true,
      askRows: async (make) => {
        const dialect = new DuckDbDialect()
        const sql = make(dialect)
        return (await turn.read(sql, dialect)).getRowObjects()
      },
    }),
  )
}
