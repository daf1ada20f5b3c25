/**
 * Webhooks and reports as calls that can be sent: what a node asks of the process that runs them.
 *
 * A call names a desk and one of its methods; nothing else can be called. The process that runs them in turn
 * asks its node for the codes of tags, which only the link store knows.
 */
import { TinygridError } from '../../links/errors.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import type { WebhookDesk } from './webhook-desk.ts'

export interface HookDesks {
  readonly webhooks: WebhookDesk
  readonly reports: ReportDesk
}

const METHODS = {
  webhooks: ['list', 'add', 'change', 'remove', 'test', 'letters', 'retry'],
  reports: ['list', 'add', 'change', 'remove', 'result', 'parquet'],
} as const satisfies { readonly [Desk in keyof HookDesks]: readonly (keyof HookDesks[Desk])[] }

/** The desk, its method, and what that is given. */
export type DeskCall = readonly [keyof HookDesks, string, readonly unknown[]]

type AnyMethod = (...given: readonly unknown[]) => Promise<unknown>

/** @param desks undefined: nobody runs them here */
export async function answerDeskCall(
  desks: HookDesks | undefined,
  [desk, method, given]: DeskCall,
): Promise<unknown> {
  const known: readonly string[] = METHODS[desk]
  if (!known.includes(method)) throw new TinygridError('bad_request')
  if (desks === undefined) throw new TinygridError('analytics_unavailable')
  const methods = desks[desk] as unknown as Readonly<Record<string, AnyMethod>>
  return await methods[method]!(...given)
}

/** Desks whose methods are calls. */
export function remoteDesks(call: (call: DeskCall) => Promise<unknown>): HookDesks {
  const deskOf = (desk: keyof HookDesks) =>
    Object.fromEntries(
      METHODS[desk].map((method) => [
        method,
        (...given: readonly unknown[]) => call([desk, method, given]),
      ]),
    )
  return {
    webhooks: deskOf('webhooks') as unknown as WebhookDesk,
    reports: deskOf('reports') as unknown as ReportDesk,
  }
}
