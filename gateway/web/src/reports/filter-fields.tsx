/**
 * The filters of a report in its form: a field and its values for each. Used by the report dialog.
 */
import { Icon } from '../icon.tsx'
import { FIELDS } from '../stats/answer.ts'
import { FIELD_NAMES } from '../stats/words.ts'
import type { DraftForm } from '../use-draft-form.ts'
import type { FilterDraft, ReportDraft } from './report-draft.ts'

const FILTERS_MAX = 10

export function FilterFields({ form }: { form: DraftForm<ReportDraft> }) {
  const { filters } = form.draft
  const put = (index: number, ...parts: FilterDraft[]) =>
    form.change({ filters: filters.toSpliced(index, 1, ...parts) })
  return (
    <fieldset class="filters">
      <legend>Only clicks with</legend>
      {filters.map((filter, index) => (
        <div key={index} class="filter-row">
          <select
            class="select"
            aria-label={`Field of filter ${index + 1}`}
            value={filter.field}
            onChange={({ currentTarget: { value } }) =>
              put(index, { ...filter, field: FIELDS.find((field) => field === value)! })
            }
          >
            {FIELDS.map((field) => (
              <option key={field} value={field} selected={field === filter.field}>
                {FIELD_NAMES[field]}
              </option>
            ))}
          </select>
          <input
            aria-label={`Values of filter ${index + 1}`}
            autocomplete="off"
            placeholder="One or more, separated by commas"
            value={filter.values}
            onInput={({ currentTarget: { value } }) => put(index, { ...filter, values: value })}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={`Take filter ${index + 1} away`}
            title="Take away"
            onClick={() => put(index)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {form.errors.filters !== undefined && (
        <p class="field-error" role="alert">
          {form.errors.filters}
        </p>
      )}
      {filters.length < FILTERS_MAX && (
        <button
          type="button"
          class="button"
          onClick={() => form.change({ filters: [...filters, { field: 'country', values: '' }] })}
        >
          Add a filter
        </button>
      )}
    </fieldset>
  )
}
