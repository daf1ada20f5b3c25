/** What schemas of requests and replies are made of. */
import { Type, type TSchema } from 'typebox'

/** Of a time in text. */
export const TIME_LENGTH_MAX = 40

/** The schema, or null. One schema with two types reads better in documents than a union. */
export function nullable<T extends TSchema & { type: string }>(schema: T, description: string) {
  return Type.Unsafe<Type.Static<T> | null>({ ...schema, type: [schema.type, 'null'], description })
}
