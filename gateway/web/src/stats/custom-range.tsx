/**
 * Two dates, from and to, both counted. Used by the toolbar.
 */
import { useEffect, useState } from 'preact/hooks'
import { dateStart, dateText, midnight } from './zone.ts'

interface CustomRangeProps {
  readonly from: number
  /** Not counted itself. */
  readonly to: number
  readonly zone: string
  readonly onChoose: (from: number, to: number) => void
}

export function CustomRange({ from, to, zone, onChoose }: CustomRangeProps) {
  const [first, setFirst] = useState('')
  const [last, setLast] = useState('')
  useEffect(() => {
    setFirst(dateText(from, zone))
    setLast(dateText(to - 1, zone))
  }, [from, to, zone])

  const start = dateStart(first, zone)
  const end = dateStart(last, zone)
  const isWrong = start === undefined || end === undefined || end < start

  return (
    <form
      class="custom-range"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isWrong) onChoose(start, midnight(end, zone, 1))
      }}
    >
      <label>
        From
        <input
          type="date"
          required
          value={first}
          onInput={(event) => setFirst(event.currentTarget.value)}
        />
      </label>
      <label>
        to
        <input
          type="date"
          required
          min={first}
          value={last}
          onInput={(event) => setLast(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button">
        Show
      </button>
    </form>
  )
}
