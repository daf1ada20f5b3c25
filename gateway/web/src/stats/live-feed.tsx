/**
 * The newest clicks, one a line, as they come. Used by the dashboard.
 *
 * It can be stopped, for those whom what moves keeps from reading; for the same reason nothing of it
 * is announced.
 */
import { useState } from 'preact/hooks'
import { shownCode } from '../full-code.ts'
import { Icon } from '../icon.tsx'
import type { LiveClick } from './answer.ts'
import type { TableContent } from './figure-table.tsx'
import { Panel } from './panel.tsx'
import type { Live } from './use-live-clicks.ts'
import { clockText, valueName } from './words.ts'

const SHOWN_MAX = 8

export function LiveFeed({ live, zone }: { live: Live; zone: string }) {
  const [stopped, setStopped] = useState<readonly LiveClick[]>()
  const clicks = stopped ?? live.clicks
  const isStopped = stopped !== undefined
  return (
    <Panel
      title="As they come"
      class="figure-wide"
      table={feedTable(clicks, zone)}
      actions={
        <button
          type="button"
          class="icon-button"
          aria-label={isStopped ? 'Let the newest clicks go on' : 'Hold the newest clicks'}
          title={isStopped ? 'Go on' : 'Hold'}
          onClick={() => setStopped(isStopped ? undefined : live.clicks)}
        >
          <Icon name={isStopped ? 'play' : 'pause'} />
        </button>
      }
    >
      {clicks.length === 0 ? (
        <p class="figure-none muted">
          {live.state === 'live' ? 'Clicks will appear here.' : 'Not connected.'}
        </p>
      ) : (
        <ol class="feed">
          {clicks.slice(0, SHOWN_MAX).map((click, index) => (
            <li key={`${click.at} ${click.code} ${index}`}>
              <time dateTime={click.at}>{clockText(Date.parse(click.at), zone)}</time>
              <span class="feed-code code">{shownCode(click.code)}</span>
              <span class="feed-who muted">{whoText(click)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

/** `Germany, Firefox, news.example` */
function whoText({ country, browser, referrer, botName, kind }: LiveClick): string {
  const who = botName || browser || (kind === 'human' || kind === undefined ? '' : kind)
  const where = country ? valueName('country', country) : ''
  return [where, who, referrer].filter(Boolean).join(', ') || 'Nothing more is known'
}

function feedTable(clicks: readonly LiveClick[], zone: string): TableContent {
  return {
    caption: 'The newest clicks',
    columns: ['Time', 'Link', 'Who'],
    rows: clicks.map((click) => [
      clockText(Date.parse(click.at), zone),
      shownCode(click.code),
      whoText(click),
    ]),
  }
}
