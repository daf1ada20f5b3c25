/**
 * What one code is, as clients see it: a register with create-if-absent, deletion and counted visits.
 *
 * The sequential specification that histories are checked against: given a state and an operation, it
 * says the state after it and the only outcome allowed. Written from the words of the protocol
 * (`links/link-owner.ts`), not from the code that decides (`actors/partition/decision.ts`), which is checked.
 */

/** undefined: never given, or purged. */
export type RegisterState = Register | undefined

interface Register {
  readonly url: string
  readonly isDeleted: boolean
  readonly maxVisits: number | null
  /** Counted only where there is a maximum. */
  readonly visits: number
  /** Its owner decides where each visitor goes. */
  readonly isRuled?: boolean
}

export type Operation =
  | {
      readonly kind: 'create'
      readonly url: string
      readonly maxVisits: number | null
      readonly reuse: boolean
      readonly isRuled?: boolean
    }
  | { readonly kind: 'update'; readonly url: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'visit' }
  /** What a visitor would get; changes nothing. */
  | { readonly kind: 'find' }
  /** The link as the API shows it; changes nothing. */
  | { readonly kind: 'read' }

/** An outcome as text, so that two are the same when their texts are. */
export type Outcome = string

export interface Step {
  readonly state: RegisterState
  readonly outcome: Outcome
}

export function step(state: RegisterState, operation: Operation): Step {
  switch (operation.kind) {
    case 'create':
      return create(state, operation)
    case 'find':
      return { state, outcome: found(state) }
    case 'visit':
      return visit(state)
    case 'read':
      return { state, outcome: state === undefined ? 'absent' : shown(state) }
    case 'update':
    case 'delete':
    case 'restore':
    case 'purge':
      return state === undefined ? { state, outcome: 'absent' } : change(state, operation)
  }
}

/**
 * Whether an answer is the outcome allowed, in which a star stands for anything.
 *
 * What a write that changed something was told of the link is not compared: asked again, it is told
 * of the link as its batch left it, and a later write may have been in the same batch.
 */
export function fits(allowed: Outcome, answered: Outcome): boolean {
  if (!allowed.endsWith('*')) return allowed === answered
  return answered.startsWith(allowed.slice(0, -1))
}

export function isReading({ kind }: Operation): boolean {
  return kind === 'find' || kind === 'read'
}

/** Two states are the same when their texts are. */
export function textOf(state: RegisterState): string {
  return state === undefined ? 'absent' : shown(state)
}

/** The link as it is read. */
export function shown({ url, isDeleted, maxVisits, visits, isRuled }: Register): Outcome {
  const counted = maxVisits === null ? '' : ` ${visits}/${maxVisits}`
  return `${isDeleted ? 'deleted ' : ''}${isRuled === true ? 'ruled ' : ''}${url}${counted}`
}

function create(
  state: RegisterState,
  { url, maxVisits, reuse, isRuled = false }: Extract<Operation, { kind: 'create' }>,
): Step {
  if (state === undefined) {
    const made = { url, isDeleted: false, maxVisits, visits: 0, isRuled }
    return { state: made, outcome: 'created *' }
  }
  const isPlain = state.maxVisits === null && state.isRuled !== true
  const isSame = !state.isDeleted && isPlain && state.url === url
  return { state, outcome: reuse && isSame ? `reused ${url}` : 'taken' }
}

function found(state: RegisterState): Outcome {
  if (state === undefined) return 'absent'
  if (state.isDeleted) return 'gone deleted'
  if (state.maxVisits !== null && state.visits >= state.maxVisits) return 'gone used_up'
  if (state.isRuled === true) return 'ruled'
  return state.maxVisits === null ? `redirect ${state.url}` : 'metered'
}

/** Rules and counting have nothing to do with each other. */
function visit(state: RegisterState): Step {
  const outcome = found(state && { ...state, isRuled: false })
  if (state === undefined || outcome !== 'metered') return { state, outcome }
  return { state: { ...state, visits: state.visits + 1 }, outcome: 'redirect *' }
}

function change(
  state: Register,
  operation: Extract<Operation, { kind: 'update' | 'delete' | 'restore' | 'purge' }>,
): Step {
  if (operation.kind === 'purge') return { state: undefined, outcome: 'done *' }
  if (operation.kind === 'restore') {
    if (!state.isDeleted) return { state, outcome: 'not_deleted' }
    return done({ ...state, isDeleted: false })
  }
  if (state.isDeleted) return { state, outcome: 'gone deleted' }
  if (operation.kind === 'delete') return done({ ...state, isDeleted: true })
  return done({ ...state, url: operation.url })
}

function done(state: Register): Step {
  return { state, outcome: 'done *' }
}
