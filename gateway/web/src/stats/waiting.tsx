/**
 * What stands where a figure will be, as long as there is none. Used by panels.
 */
import type { ApiError } from '../service-call.ts'

export function Waiting({ error }: { error: ApiError | undefined }) {
  const words = error === undefined ? 'Counting …' : 'Not counted.'
  return <p class="figure-none figure-waiting muted">{words}</p>
}
