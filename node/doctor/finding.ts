/**
 * What the doctor has found out about one thing: whether it is right, what it is, and what to do.
 *
 * A warning is what works now and may fail later, or is less safe than it could be; wrong is what a server would
 * not start with, or lose something by.
 */
export interface Finding {
  /** What was looked at. */
  readonly check: string
  readonly state: 'ok' | 'warning' | 'wrong'
  /** One sentence. */
  readonly found: string
  /** What to do about it; undefined: nothing, or `found` says it. */
  readonly advice?: string
}

export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found }
}

export function warning(check: string, found: string, advice: string): Finding {
  return { check, state: 'warning', found, advice }
}

export function wrong(check: string, found: string, advice?: string): Finding {
  return { check, state: 'wrong', found, ...(advice === undefined ? {} : { advice }) }
}
