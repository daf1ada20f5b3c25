/**
 * Notes changes of links, webhooks and reports in the audit log, as the routes make them.
 *
 * Where nothing is audited it does nothing, and asks for nothing.
 */
import type { FastifyRequest } from 'fastify'
import type { Webhook } from '../../clicks/hooks/webhook.ts'
import type { WebhookDesk } from '../../clicks/hooks/webhook-desk.ts'
import type { ReportDesk, ReportStatus } from '../../clicks/reports/report-desk.ts'
import type { Report } from '../../clicks/reports/report.ts'
import type { Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { LinkOwner } from '../../links/link-owner.ts'
import { auditedLink, type AuditAction } from './audit-entry.ts'
import type { AuditNotes } from './audit-trail.ts'

interface Audited {
  readonly audit: AuditNotes
}

/** The link as it is before a change; undefined: it is not there, or nobody wants to know. */
export async function linkBefore(
  { audit, owner }: Audited & { readonly owner: Pick<LinkOwner, 'read'> },
  code: Code,
): Promise<Link | undefined> {
  return audit.isOn ? owner.read(code) : undefined
}

/** @throws TinygridError audit_unavailable */
export async function noteLink(
  { audit }: Audited,
  request: FastifyRequest,
  action: AuditAction & `link.${string}`,
  link: Link,
  before?: Link,
): Promise<void> {
  if (!audit.isOn) return
  await audit.note(request, {
    action,
    subject: link.code,
    before: before === undefined ? null : auditedLink(before),
    after: action === 'link.purged' ? null : auditedLink(link),
  })
}

/** The webhook as it is before a change; undefined: there is none, or nobody wants to know. */
export async function hookBefore(
  audit: AuditNotes,
  desk: Pick<WebhookDesk, 'list'>,
  id: string,
): Promise<AuditedHook | undefined> {
  if (!audit.isOn) return undefined
  return (await desk.list()).find((one) => one.id === id)
}

type AuditedHook = Omit<Webhook, 'secret'>

/** @throws TinygridError audit_unavailable */
export async function noteHook(
  audit: AuditNotes,
  request: FastifyRequest,
  action: AuditAction & `webhook.${string}`,
  before: AuditedHook | undefined,
  after: AuditedHook | undefined,
): Promise<void> {
  const hook = after ?? before
  if (!audit.isOn || hook === undefined) return
  const views = { before: viewOfHook(before), after: viewOfHook(after) }
  await audit.note(request, { action, subject: hook.id, ...views })
}

/** The report as it is before a change; undefined: there is none, or nobody wants to know. */
export async function reportBefore(
  audit: AuditNotes,
  desk: Pick<ReportDesk, 'list'>,
  id: string,
): Promise<Report | undefined> {
  if (!audit.isOn) return undefined
  return (await desk.list()).find((one) => one.id === id)
}

/** @throws TinygridError audit_unavailable */
export async function noteReport(
  audit: AuditNotes,
  request: FastifyRequest,
  action: AuditAction & `report.${string}`,
  before: Report | undefined,
  after: Report | undefined,
): Promise<void> {
  const report = after ?? before
  if (!audit.isOn || report === undefined) return
  const views = { before: viewOfReport(before), after: viewOfReport(after) }
  await audit.note(request, { action, subject: report.id, ...views })
}

function viewOfReport(report: Report | undefined): object | null {
  if (report === undefined) return null
  const { id: _id, createdAt: _at, ...rest } = report
  const { sentTo: _sent, lastFailure: _failure, ...view } = rest as Partial<ReportStatus>
  return view
}

function viewOfHook(hook: AuditedHook | undefined): object | null {
  if (hook === undefined) return null
  const { url, events, codes, tags, thresholds, isEnabled } = hook
  return { url, events, codes, tags, thresholds, isEnabled }
}
