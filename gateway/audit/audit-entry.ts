/**
 * What the audit log says of one change: who made it, what it was, and how things were before and after.
 *
 * Pure. An entry is JSON, the payload of one entry of the log; its position there is its id. Secrets are never in it:
 * no key, no password and no hash of one, since links and keys are written as the interface shows them.
 */
import { KEY_ROLES, type KeyRole } from '../../cluster/keys/access-key.ts'
import type { Link } from '../../links/link.ts'
import { isEpochMs, type EpochMs } from '../../links/ids.ts'
import type { RedirectRule, RuleTarget } from '../../links/redirect-rules.ts'
import { withoutPassword } from '../../links/target-url.ts'
import { formatIsoTime } from '../api/iso-time.ts'
import { viewOf } from '../api/link-view.ts'

export const AUDIT_ACTIONS = [
  'link.created',
  'link.imported',
  'link.changed',
  'link.deleted',
  'link.restored',
  'link.purged',
  'key.made',
  'key.changed',
  'key.revoked',
  'host.blocked',
  'host.changed',
  'host.unblocked',
  'webhook.made',
  'webhook.changed',
  'webhook.removed',
  'webhook.tested',
  'webhook.retried',
  'report.made',
  'report.changed',
  'report.removed',
  'clicks.deleted',
  'visits.deleted',
  'node.drained',
  'node.stopped',
  'node.undrained',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/**
 * `key`: one of those that admins make. `settings`: the key of the settings. `person`: somebody who is signed in.
 * `anybody`: no key at all. Programs that do not know a kind pass its entries over.
 */
export const AUDIT_CALLERS = ['key', 'settings', 'anybody', 'person'] as const

export interface AuditCaller {
  readonly kind: (typeof AUDIT_CALLERS)[number]
  /** Of the key; of a person the provider's subject. */
  readonly id: string | null
  readonly name: string | null
  readonly role: KeyRole | null
}

/** What was changed. */
export interface AuditedChange {
  readonly action: AuditAction
  /** The code, the host, the node, or the id of the key, the webhook or the report; of visits of an address its kind. */
  readonly subject: string
  /** null: it was not there. */
  readonly before: object | null
  /** null: it is not there any more. */
  readonly after: object | null
}

export interface AuditEntry extends AuditedChange {
  readonly at: EpochMs
  readonly by: AuditCaller
  readonly node: string
  /** As TINYGRID_IP_PRIVACY has it; null: it is not kept. */
  readonly address: string | null
}

/** What short links begin with is not kept: it may be another one tomorrow. */
const ANY_BASE_URL = 'http://localhost'

/** A link as the audit log has it: all that can be changed, and nothing that is secret. */
export function auditedLink(link: Link): object {
  const { shortUrl: _shortUrl, ...view } = viewOf(withPlainTargets(link), ANY_BASE_URL)
  return { ...view, isAlias: link.isAlias, state: link.lifecycle }
}

/** Without the passwords in what it leads to. */
function withPlainTargets(link: Link): Link {
  const { url, expiredUrl, rules } = link
  return {
    ...link,
    url: withoutPassword(url),
    ...(expiredUrl === undefined ? {} : { expiredUrl: withoutPassword(expiredUrl) }),
    ...(rules === undefined ? {} : { rules: rules.map(plainRule) }),
  }
}

function plainRule(rule: RedirectRule): RedirectRule {
  return { ...rule, targets: rule.targets.map(plainTarget) }
}

function plainTarget(target: RuleTarget): RuleTarget {
  return { ...target, url: withoutPassword(target.url) }
}

export function encodeAuditEntry(entry: AuditEntry): Buffer {
  return Buffer.from(JSON.stringify(entry))
}

/** undefined: it is none, or of a newer version. */
export function decodeAuditEntry(payload: Uint8Array): AuditEntry | undefined {
  try {
    const entry = JSON.parse(String(Buffer.from(payload))) as AuditEntry
    const { action, by, at } = entry
    const isKnown = AUDIT_ACTIONS.includes(action) && AUDIT_CALLERS.includes(by.kind)
    const isCaller = by.role === null || KEY_ROLES.includes(by.role)
    return isKnown && isCaller && isEpochMs(at) ? entry : undefined
  } catch {
    return undefined
  }
}

/** As the interface shows it. @param position in the log */
export function viewOfEntry(position: number, entry: AuditEntry) {
  const { at, action, by, subject, before, after, node, address } = entry
  return {
    id: String(position),
    at: formatIsoTime(at),
    action,
    by,
    subject,
    before,
    after,
    node,
    address,
  }
}
