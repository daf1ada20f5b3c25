/**
 * Tags, deletes and brings back all chosen links, one such work at a time, and says what became of it.
 *
 * Used by the bar of the chosen links.
 */
import { useState } from 'preact/hooks'
import { useAnnounce } from './announcer.tsx'
import type { Api, Link } from './api.ts'
import { addTag, forEachLink, type BulkOutcome } from './bulk-work.ts'
import type { Selection } from './use-selection.ts'

interface Said {
  readonly text: string
  /** Deleted links that can be brought back. */
  readonly deleted: readonly Link[]
}

export interface BulkListeners {
  readonly onChanged: (link: Link) => void
  readonly onDeleted: (link: Link) => void
}

export function useBulk(api: Api, selection: Selection, { onChanged, onDeleted }: BulkListeners) {
  const { links, clear } = selection
  const announce = useAnnounce()
  const [said, setSaid] = useState<Said>()
  const [isBusy, setBusy] = useState(false)

  async function run(work: () => Promise<Said>): Promise<void> {
    if (isBusy) return
    setBusy(true)
    const done = await work()
    setSaid(done)
    announce(done.text)
    setBusy(false)
  }
  const tag = (name: string) =>
    run(async () => {
      const outcome = await forEachLink(links, (link) => addTag(api, link, name))
      outcome.done.forEach(onChanged)
      return { text: outcomeText(outcome, `tagged “${name}”`), deleted: [] }
    })
  const remove = () =>
    run(async () => {
      const outcome = await forEachLink(links, async (link) => (await api.remove(link.code), link))
      clear()
      outcome.done.forEach(onDeleted)
      return { text: outcomeText(outcome, 'deleted'), deleted: outcome.done }
    })
  const undo = () =>
    run(async () => {
      const outcome = await forEachLink(said?.deleted ?? [], ({ code }) => api.restore(code))
      outcome.done.forEach(onChanged)
      return { text: outcomeText(outcome, 'back'), deleted: [] }
    })
  return {
    said,
    isBusy,
    tag: (name: string) => void tag(name),
    remove: () => void remove(),
    undo: () => void undo(),
    forget: () => setSaid(undefined),
  }
}

function outcomeText({ done, failures, error }: BulkOutcome, what: string): string {
  const links = done.length === 1 ? '1 link is' : `${done.length} links are`
  const failed = failures === 0 ? '' : ` ${failures} failed: ${error?.message ?? ''}`
  return `${links} ${what}.${failed}`
}
