/**
 * Every way in which an operation can fail, in one table: its code, HTTP status and title.
 *
 * An operating error is a TinygridError; whoever meets it can act on `code`, which never changes
 * its meaning. Broken invariants are not here: they are assertions, and stop the process. A start that
 * cannot succeed is a StartError.
 */
import type { Epoch, NodeId } from './ids.ts'

export const ERRORS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_field: { status: 400, title: 'A field has a value that is not allowed' },
  unknown_field: { status: 400, title: 'The request has a field that does not exist' },
  missing_field: { status: 400, title: 'A required field is missing' },
  bad_request: { status: 400, title: 'The request cannot be understood' },
  reserved_code: { status: 400, title: 'This code is a word of the service itself' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The API key does not allow this' },
  sign_in_refused: { status: 403, title: 'You could not be signed in' },
  wrong_password: { status: 403, title: 'This is not the password' },
  target_blocked: { status: 403, title: 'Links to this host are blocked here' },
  target_refused: { status: 403, title: 'Links to this address are refused here' },
  link_not_found: { status: 404, title: 'There is no such link' },
  key_not_found: { status: 404, title: 'There is no such key' },
  node_not_found: { status: 404, title: 'There is no such node' },
  host_not_found: { status: 404, title: 'This host is not on the list' },
  not_found: { status: 404, title: 'There is no such page' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  alias_taken: { status: 409, title: 'This code is already taken' },
  addresses_not_kept: { status: 409, title: 'No addresses of visitors are kept' },
  no_heirs: { status: 409, title: 'There is no other node that could take its partitions' },
  too_many_keys: { status: 409, title: 'There are as many keys as there may be' },
  too_many_hosts: { status: 409, title: 'There are as many hosts on the list as there may be' },
  link_not_deleted: { status: 409, title: 'The link is not deleted' },
  link_deleted: { status: 410, title: 'The link was deleted' },
  link_expired: { status: 410, title: 'The link has expired' },
  link_used_up: { status: 410, title: 'The link has had all its visits' },
  precondition_failed: { status: 412, title: 'The link was changed in the meantime' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'This content type is not supported' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'Something went wrong' },
  mailbox_full: { status: 503, title: 'Too many writes are waiting' },
  operations_full: { status: 503, title: 'Too many writes are remembered' },
  keys_unavailable: { status: 503, title: 'Keys cannot be changed here' },
  list_unavailable: { status: 503, title: 'The list cannot be changed here' },
  key_value_conflict: { status: 503, title: 'The value was changed in the meantime' },
  key_value_unavailable: { status: 503, title: 'The cluster state cannot be reached' },
  sign_in_unavailable: { status: 503, title: 'The sign-in cannot be reached' },
  passwords_waiting: { status: 503, title: 'Too many passwords are waiting to be checked' },
  node_unavailable: { status: 503, title: 'This node cannot be reached' },
  not_owner: { status: 503, title: 'Another node owns this link' },
  owner_unavailable: { status: 503, title: 'The owner of this link cannot be reached' },
  overloaded: { status: 503, title: 'Too many searches and bulk requests are waiting' },
  no_free_code: { status: 503, title: 'No free code was found' },
  log_gap: { status: 503, title: 'The log and the store do not belong together' },
  log_full: { status: 503, title: 'The log is full' },
  log_unavailable: { status: 503, title: 'The log cannot be written' },
  log_uncertain: { status: 503, title: 'Whether the log holds the write is not known' },
  log_replaced: { status: 503, title: 'Another owner writes this partition now' },
  analytics_unavailable: { status: 503, title: 'No analytics process can answer' },
  cache_unavailable: { status: 503, title: 'The fallback cache cannot be reached' },
  audit_unavailable: { status: 503, title: 'The audit log cannot be reached' },
  url_check_unavailable: { status: 503, title: 'The address cannot be checked now' },
  click_log_unavailable: { status: 503, title: 'The click log cannot be reached' },
  click_store_unavailable: { status: 503, title: 'The click store cannot be reached' },
  store_damaged: { status: 503, title: 'What the store has of this link is damaged' },
  store_unavailable: { status: 503, title: 'The store cannot be reached' },
  shutting_down: { status: 503, title: 'The server is stopping' },
} as const satisfies Record<string, { status: number; title: string }>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  /** One sentence for the person who sees it; the table's title if left out. */
  readonly detail?: string
  /** The request's field at fault, as a path: `url`, `links[3].tags[0]`. */
  readonly field?: string
  /** When to try again, in whole seconds. */
  readonly retryAfterSeconds?: number
  /** Who owns the partition instead, as far as the node that refuses knows; with not_owner. */
  readonly owner?: OwnerHint
  readonly cause?: unknown
}

export interface OwnerHint {
  readonly owner: NodeId
  readonly epoch: Epoch
}

export class TinygridError extends Error {
  override readonly name = 'TinygridError'
  readonly code: ErrorCode
  readonly field: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly owner: OwnerHint | undefined

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.detail ?? ERRORS[code].title, { cause: details.cause })
    this.code = code
    this.field = details.field
    this.owner = details.owner
    this.retryAfterSeconds =
      details.retryAfterSeconds ?? (ERRORS[code].status === 503 ? 1 : undefined)
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

/** Whether `error` is an operating error with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is TinygridError {
  return error instanceof TinygridError && codes.includes(error.code)
}

/**
 * A start that cannot succeed, for a reason that the operator can mend: thrown by what connects to
 * servers or opens what is stored, before anything is served. The message is one line: what is wrong,
 * where, and what to do. It never holds a password. `node/program.ts` prints it as it is.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}

/** What the cluster has stored does not fit the settings. */
export class ClusterDataError extends StartError {
  override readonly name = 'ClusterDataError'
}
