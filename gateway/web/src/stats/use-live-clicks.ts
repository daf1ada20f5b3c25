/**
 * Clicks as they come: the newest ones, how many in the last minute, and when to ask again.
 *
 * Used by the dashboard. One stream for the whole page; cut, it is taken up again behind the last
 * event that was heard. Nothing is heard while nobody can see the page. Two
 * ticks rise when numbers are to be asked for anew.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import type { LiveClick } from './answer.ts'
import type { ServerEvent } from './event-stream.ts'
import { COUNTER_PACE, Pacer, PANEL_PACE } from './pacer.ts'

export interface Live {
  readonly state: 'connecting' | 'live' | 'away'
  /** Newest first. */
  readonly clicks: readonly LiveClick[]
  readonly lastMinute: number
  /** Rises when the counters are to be asked for anew. */
  readonly tick: number
  /** Rises, less often, when everything else is. */
  readonly slowTick: number
}

const FEED_MAX = 50
const MINUTE_MS = 60_000
const SECOND_MS = 1_000
const RECONNECT_MS = [500, 1_000, 2_000, 5_000]

interface State {
  readonly state: Live['state']
  readonly clicks: readonly LiveClick[]
  /** Clicks by the second in which they were heard, newest last. */
  readonly seconds: readonly (readonly [second: number, clicks: number])[]
}

/**
 * @param codes none: of all links
 * @param isWanted another one than before: also says which of the clicks so far are shown
 */
export function useLiveClicks(
  api: Api,
  codes: readonly string[],
  isWanted: (click: LiveClick) => boolean,
): Live {
  const [{ state, clicks, seconds }, setState] = useState<State>({
    state: 'connecting',
    clicks: [],
    seconds: [],
  })
  const [tick, setTick] = useState(0)
  const wanted = useRef(isWanted)
  wanted.current = isWanted

  const [slowTick, setSlowTick] = useState(0)
  const pacers = useMemo(
    () => [
      new Pacer(COUNTER_PACE, () => setTick((count) => count + 1)),
      new Pacer(PANEL_PACE, () => setSlowTick((count) => count + 1)),
    ],
    [],
  )
  useEffect(() => {
    const stop = followWhileSeen(api, codes, {
      onState: (next) => {
        if (next === 'live') for (const pacer of pacers) pacer.opened()
        setState((before) => ({ ...before, state: next }))
      },
      onClicks: (all) => {
        const heard = all.filter((click) => wanted.current(click))
        if (heard.length === 0) return
        for (const pacer of pacers) pacer.clicked()
        setState((before) => taken(before, heard, performance.now()))
      },
    })
    // Seconds pass without clicks, too.
    const timer = window.setInterval(
      () =>
        setState((before) =>
          before.seconds.length === 0 ? before : taken(before, [], performance.now()),
        ),
      SECOND_MS,
    )
    return () => {
      stop()
      window.clearInterval(timer)
      for (const pacer of pacers) pacer.stop()
    }
  }, [api, codes.join(), pacers])
  const lastMinute = seconds.reduce((sum, [, count]) => sum + count, 0)
  const shown = useMemo(() => clicks.filter(isWanted), [clicks, isWanted])
  return { state, clicks: shown, lastMinute, tick, slowTick }
}

function taken(before: State, heard: readonly LiveClick[], now: number): State {
  const second = Math.floor(now / SECOND_MS)
  const recent = before.seconds.filter(([at]) => (second - at) * SECOND_MS < MINUTE_MS)
  const last = recent.at(-1)
  const seconds =
    heard.length === 0
      ? recent
      : last?.[0] === second
        ? [...recent.slice(0, -1), [second, last[1] + heard.length] as const]
        : [...recent, [second, heard.length] as const]
  const clicks = heard.length === 0 ? before.clicks : [...heard.toReversed(), ...before.clicks]
  return { ...before, clicks: clicks.slice(0, FEED_MAX), seconds }
}

interface Follower {
  readonly onState: (state: Live['state']) => void
  readonly onClicks: (clicks: readonly LiveClick[]) => void
}

/** @returns what ends it */
function followWhileSeen(
  api: Api,
  codes: readonly string[],
  { onState, onClicks }: Follower,
): () => void {
  let lastId = ''
  let failures = 0
  let running: AbortController | undefined
  let timer: number | undefined

  async function follow(): Promise<void> {
    const own = (running = new AbortController())
    const listener = {
      onOpen: () => {
        failures = 0
        onState('live')
      },
      onEvents: (events: readonly ServerEvent[], id: string) => {
        lastId = id
        onClicks(events.flatMap(clicksOf))
      },
    }
    await api.clicks.follow({ codes, lastId }, own.signal, listener).catch(() => undefined)
    if (own.signal.aborted) return
    onState('away')
    running = undefined
    timer = window.setTimeout(adapt, RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)])
  }
  function adapt(): void {
    window.clearTimeout(timer)
    if (document.hidden) {
      running?.abort()
      running = undefined
    } else if (running === undefined) void follow()
  }
  adapt()
  document.addEventListener('visibilitychange', adapt)
  return () => {
    document.removeEventListener('visibilitychange', adapt)
    window.clearTimeout(timer)
    running?.abort()
  }
}

function clicksOf({ name, data }: ServerEvent): readonly LiveClick[] {
  return name === 'click' ? [JSON.parse(data) as LiveClick] : []
}
